#include "reindex/reindex_plan.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/specification/codec.hpp"

#include "base/log.hpp"
#include "base/mixed_number.hpp"
#include "compute/device_failure.hpp"
#include "dock/index/part_options.hpp"
#include "dock/truth/dock_folder.hpp"
#include "engine/part/part_writer.hpp"
#include "engine/space/part_sections.hpp"
#include "io/crc32c.hpp"
#include "io/digest.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"
#include "reindex/reindex_kernels.hpp"
#include "store/index_store.hpp"
#include "store/segment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <span>

namespace learndock::reindex {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPlanFile = "plan.json";
constexpr int kPlanFormat = 3;
constexpr std::uint64_t kProgressStride = 4096;
/// The most segments of an index: each is an open, mapped file of a running dock.
constexpr std::size_t kMostSegments = 500;

fs::path space_file(const fs::path& dock, std::size_t space) {
  return dock::DockFolder(dock).reindex() / fmt::format("space-{:06}.lds", space);
}

struct CatalogueRead {
  SpaceSamples spaces;  // under the specifications' own gammas
  std::vector<SequenceRange> ranges;
};

Result<CatalogueRead> read_catalogue(const catalog::Catalog& catalog, const ReindexOptions& options,
                                     const ReindexProgress& progress) {
  CatalogueRead read;
  LEARNDOCK_TRY(const std::uint64_t total, catalog.count());
  std::uint64_t done = 0;
  std::size_t in_range = options.range_records, damaged = 0;
  LEARNDOCK_CHECK(catalog.visit_all([&](catalog::LearnwareRecord& record) -> Result<void> {
    if (in_range == options.range_records) {
      read.ranges.push_back({record.sequence, record.sequence});
      in_range = 0;
    }
    ++in_range;
    read.ranges.back().last = record.sequence;
    if (++done % kProgressStride == 0 && progress) progress("reading", done, total);
    if (record.statistical.empty() && record.damage.empty()) return {};
    auto specification = specification::from_binary(record.statistical);
    if (!specification || !record.damage.empty()) {
      ++damaged;
      return {};
    }
    if (!specification->kind->comparable()) return {};
    SpaceSample& space = read.spaces[specification::SpaceId::of(*specification)];
    if (dock::is_indexable(*specification))
      space.add(mixed_number(options.seed, record.sequence.value()), std::move(*specification));
    else
      ++space.others;
    return {};
  }));
  if (damaged > 0)
    log(LogLevel::warning, fmt::format("{} damaged record{} left out of the index: learndock check", damaged,
                                       damaged == 1 ? " is" : "s are"));
  if (progress) progress("reading", total, total);
  return read;
}

/// Fits on this machine's processors when the device that was chosen fails.
Result<engine::FeatureSpace> fit_anywhere(std::span<const compute::ReducedSetView> sample,
                                          const compute::Kernel& kernel,
                                          const engine::SubspaceOptions& subspace,
                                          const ReindexOptions& options, compute::DeviceWarning& warning) {
  auto fitted = engine::FeatureSpace::fit(sample, kernel, subspace, *options.backend);
  if (fitted || !compute::is_device_failure(*options.backend, fitted.error())) return fitted;
  warning.say(fitted.error());
  LEARNDOCK_TRY(const auto processors, compute::open_backend("auto", options.threads));
  return engine::FeatureSpace::fit(sample, kernel, subspace, *processors);
}

Result<void> fit_and_store(const fs::path& dock, std::size_t number, const specification::SpaceId& key,
                           const SpaceSample& found, const ReindexOptions& options,
                           compute::DeviceWarning& warning) {
  std::vector<compute::ReducedSetView> sample;
  for (const auto& [hash, specification] : found.sample) sample.push_back(specification.view());
  engine::SubspaceOptions subspace;
  subspace.landmarks = options.landmarks;
  subspace.coordinates =
      options.coordinates != 0 ? options.coordinates : engine::chosen_coordinates(found.count);
  subspace.seed = options.seed;
  LEARNDOCK_TRY(engine::FeatureSpace space, fit_anywhere(sample, key.kernel, subspace, options, warning));
  // A part without learnwares stores a space.
  LEARNDOCK_TRY(
      engine::PartWriter writer,
      engine::PartWriter::create(space_file(dock, number), key,
                                 std::make_shared<const engine::FeatureSpace>(std::move(space)), {}));
  return writer.finish().map([](const auto&) {});
}

/// The options under their names on the command line.
Json options_json(const ReindexOptions& options) {
  return {{"prefilter", dock::prefilter_option(options.prefilter)},
          {"codes", static_cast<int>(options.codes)},
          {"landmarks", options.landmarks},
          {"coordinates", options.coordinates},
          {"smallest_space", options.smallest_space},
          {"piece", options.range_records},
          {"seed", options.seed}};
}

/// Throws the library's exception for damaged data, as `plan_from` does.
std::vector<KernelChange> changes_from(const Json& list) {
  std::vector<KernelChange> changes;
  for (const Json& one : list)
    changes.push_back({one.at("type").get<std::string>(), one.at("dimension").get<std::size_t>(),
                       one.at("scales").get<std::uint32_t>(), one.at("specified").get<double>(),
                       one.at("from").get<double>(), one.at("to").get<double>(),
                       one.at("learnwares").get<std::uint64_t>()});
  return changes;
}

Json plan_json(const ReindexPlan& plan, const ReindexOptions& options) {
  Json ranges = Json::array(), spaces = Json::array(), changes = Json::array();
  for (const SequenceRange& range : plan.ranges) ranges.push_back({range.first.value(), range.last.value()});
  for (std::size_t i = 0; i < plan.spaces.size(); ++i)
    spaces.push_back({{"type", plan.spaces[i].kind->number},
                      {"shape", plan.spaces[i].shape},
                      {"gamma", plan.spaces[i].kernel.gamma},
                      {"scales", plan.spaces[i].kernel.scales}});
  for (const KernelChange& change : plan.changes) changes.push_back(to_json(change));
  return {{"format", kPlanFormat},
          {"catalog_version", plan.catalog_version},
          {"options", options_json(options)},
          {"gamma", plan.gamma},
          {"kernels_before", to_json(plan.kernels_before)},
          {"kernels", to_json(plan.kernels)},
          {"kernel_changes", std::move(changes)},
          {"ranges", std::move(ranges)},
          {"spaces", std::move(spaces)}};
}

std::string plan_id(const ReindexPlan& plan, const ReindexOptions& options) {
  return io::sha256_hex(fmt::format("{} {} {} {}", plan.catalog_version, to_text(options_json(options)),
                                    plan.gamma, to_text(to_json(plan.kernels_before))))
      .substr(0, 12);
}

/// The file was written whole by this program; anything else is damage, for which the library throws an
/// exception.
Result<ReindexPlan> plan_from(const Json& json, const ReindexOptions& options) {
  ReindexPlan plan;
  plan.catalog_version = json.at("catalog_version").get<std::uint64_t>();
  plan.gamma = json.at("gamma").get<std::string>();
  LEARNDOCK_TRY(plan.kernels_before, specification::kernels_from_json(json.at("kernels_before")));
  LEARNDOCK_TRY(plan.kernels, specification::kernels_from_json(json.at("kernels")));
  plan.changes = changes_from(json.at("kernel_changes"));
  plan.id = plan_id(plan, options);
  for (const Json& range : json.at("ranges"))
    plan.ranges.push_back({LearnwareNumber(range.at(0).get<std::uint64_t>()),
                           LearnwareNumber(range.at(1).get<std::uint64_t>())});
  for (const Json& space : json.at("spaces")) {
    const auto kind = specification::kind_of_number(space.at("type").get<std::uint64_t>());
    if (!kind) return fail(ErrorCode::corrupt, "a kind of specification is unknown");
    plan.spaces.push_back({*kind,
                           space.at("shape").get<std::vector<std::size_t>>(),
                           {space.at("gamma").get<double>(), space.at("scales").get<std::uint32_t>()}});
  }
  return plan;
}

/// @param file a file in the plan's folder
std::string plan_again(const fs::path& file) {
  return fmt::format("remove the folder {} and plan again", file.parent_path().string());
}
std::string or_plan_again(std::string_view first, const fs::path& file) {
  return fmt::format("{}, or {}", first, plan_again(file));
}

Failure other_gamma(const ReindexPlan& plan, const fs::path& file) {
  return fail(ErrorCode::conflict,
              fmt::format("the reindex under way was planned {}",
                          plan.gamma.empty() ? "without --gamma" : "with --gamma " + plan.gamma),
              file.string(), or_plan_again("give the options it was planned with", file));
}

/// @param planned, given  as `options_json` writes them, and not the same
Failure other_options(const Json& planned, const Json& given, const fs::path& file) {
  std::vector<std::string> names;
  for (const auto& [key, value] : given.items()) {
    if (planned.at(key) == value) continue;
    std::string name = "--" + key;
    std::replace(name.begin(), name.end(), '_', '-');
    names.push_back(std::move(name));
  }
  return fail(
      ErrorCode::conflict,
      fmt::format("the reindex under way was planned with another value of {}", fmt::join(names, " and of ")),
      file.string(), or_plan_again("give the options it was planned with", file));
}

/// The plan under way if it is still usable; nothing if there is none or the dock has changed.
Result<std::optional<ReindexPlan>> plan_under_way(const fs::path& dock, std::uint64_t catalog_version,
                                                  const specification::SpaceKernels& in_force,
                                                  const ReindexOptions& options) {
  const fs::path file = dock::DockFolder(dock).reindex() / kPlanFile;
  std::error_code no_plan;
  if (!fs::exists(file, no_plan)) return std::nullopt;
  // Pieces that took hours are not thrown away for a mistyped option.
  ReindexOptions of_any_gamma = options;
  of_any_gamma.gamma = {};
  LEARNDOCK_TRY(ReindexPlan known, read_plan(dock, of_any_gamma));
  if (known.catalog_version != catalog_version || known.kernels_before != in_force) return std::nullopt;
  if (known.gamma != options.gamma.text()) return other_gamma(known, file);
  return std::optional(std::move(known));
}

/// The kernels of the current index. A damaged manifest has lost them, which is said: a reindex that is not
/// given a gamma then leaves each learnware its own.
Result<specification::SpaceKernels> kernels_of_index(const fs::path& dock) {
  LEARNDOCK_TRY(const store::IndexVersion current,
                store::read_index(dock::DockFolder(dock).index(), specification::check_kernels_text));
  if (current.number == 0)
    for (const Error& damage : current.rebuild_needed)
      log(LogLevel::warning,
          "the index is damaged, and any kernels that were chosen for it are lost; --gamma chooses them "
          "again: " +
              describe(damage));
  return kernels_in_use(current);
}

}  // namespace

Json with_checksum(Json json) {
  const std::string text = to_text(json);
  json["checksum"] = fmt::format("{:08x}", io::crc32c(std::as_bytes(std::span(text))));
  return json;
}

bool has_right_checksum(const Json& json) {
  if (!json.is_object()) return false;
  Json without = json;
  without.erase("checksum");
  return with_checksum(std::move(without)) == json;
}

Result<ReindexPlan> read_plan(const fs::path& dock, const ReindexOptions& options) {
  const fs::path file = dock::DockFolder(dock).reindex() / kPlanFile;
  auto text = io::read_file(file);
  if (!text && text.error().code != ErrorCode::not_found) return pass_on(std::move(text).error());
  if (!text)
    return fail(ErrorCode::not_found, "no reindex of this dock is under way", file.string(),
                "begin with: learndock reindex --plan");
  const auto damaged = [&](std::string_view why) {
    return fail(ErrorCode::corrupt, fmt::format("the plan cannot be read: {}", why), file.string(),
                plan_again(file));
  };
  const auto parsed = parse_json(*text);
  if (!parsed) return damaged(parsed.error().message);
  const Json& json = *parsed;
  try {
    if (json.at("format") != Json(kPlanFormat))
      return fail(ErrorCode::conflict, "the reindex under way was planned by another version of this program",
                  file.string(), or_plan_again("go on with that version", file));
    if (!has_right_checksum(json)) return damaged("its checksum does not fit");
    if (json.at("options") != options_json(options))
      return other_options(json.at("options"), options_json(options), file);
    auto plan = plan_from(json, options);
    if (!plan) return damaged(plan.error().message);
    const bool given = options.gamma.kind != GammaChoice::Kind::in_force;
    if (given && plan->gamma != options.gamma.text()) return other_gamma(*plan, file);
    return plan;
  } catch (const Json::exception& error) {
    return damaged(error.what());
  }
}

Result<ReindexPlan> make_plan(const fs::path& dock, const catalog::Catalog& catalog,
                              const ReindexOptions& options, const ReindexProgress& progress) {
  LEARNDOCK_TRY(const std::uint64_t version, catalog.version());
  LEARNDOCK_TRY(specification::SpaceKernels before, kernels_of_index(dock));
  LEARNDOCK_TRY(auto known, plan_under_way(dock, version, before, options));
  if (known) return std::move(*known);
  if (const std::error_code error = io::disk::remove_tree(dock::DockFolder(dock).reindex()))
    return Failure(io::system_error(error.value(), "empty the folder", dock::DockFolder(dock).reindex()));
  LEARNDOCK_CHECK(io::create_private_folder(dock::DockFolder(dock).reindex()));
  LEARNDOCK_TRY(CatalogueRead read, read_catalogue(catalog, options, progress));
  ReindexPlan plan;
  plan.catalog_version = version;
  plan.ranges = std::move(read.ranges);
  plan.gamma = options.gamma.text();
  LEARNDOCK_TRY(plan.kernels, choose_kernels(options.gamma, before, read.spaces, options.seed));
  plan.changes = kernel_changes(before, plan.kernels, read.spaces);
  plan.kernels_before = std::move(before);
  plan.id = plan_id(plan, options);
  compute::DeviceWarning warning("the index's subspaces are fitted");
  for (const auto& [key, found] : spaces_under(plan.kernels, std::move(read.spaces))) {
    if (found.count < options.smallest_space) continue;
    if (const auto fitted = fit_and_store(dock, plan.spaces.size(), key, found, options, warning); !fitted) {
      log(LogLevel::warning, "no index for " + key.text() + ": " + describe(fitted.error()));
      continue;
    }
    plan.spaces.push_back(key);
  }
  if (plan.ranges.size() * plan.spaces.size() > kMostSegments)
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} pieces of {} spaces would make more than {} segments", plan.ranges.size(),
                            plan.spaces.size(), kMostSegments),
                "--piece", "make the pieces larger, or index only larger spaces");
  LEARNDOCK_CHECK(io::write_file_atomically(dock::DockFolder(dock).reindex() / kPlanFile,
                                            to_pretty_text(with_checksum(plan_json(plan, options))) + "\n"));
  return plan;
}

Result<std::shared_ptr<const engine::FeatureSpace>> read_planned_space(const fs::path& dock,
                                                                       std::size_t space) {
  const fs::path file = space_file(dock, space);
  const auto read = [&]() -> Result<engine::ReadSpace> {
    LEARNDOCK_TRY(const auto segment, store::Segment::open(file));
    LEARNDOCK_TRY(engine::ReadSpace stored, engine::read_space(*segment));
    LEARNDOCK_CHECK(segment->intact());
    return stored;
  };
  auto stored = read();
  if (!stored) {
    const bool lost =
        stored.error().code == ErrorCode::corrupt || stored.error().code == ErrorCode::not_found;
    if (lost) stored.error().fix = plan_again(file);
    return Failure(std::move(stored).error());
  }
  return std::make_shared<const engine::FeatureSpace>(std::move(stored->space));
}

}  // namespace learndock::reindex
