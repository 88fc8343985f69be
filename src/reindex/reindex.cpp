#include "learndock/reindex/reindex.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/mmd.hpp"

#include "base/parallel.hpp"
#include "compute/device_failure.hpp"
#include "dock/index/part_options.hpp"
#include "dock/truth/directory_lock.hpp"
#include "dock/truth/dock_folder.hpp"
#include "engine/part/part_builder.hpp"
#include "engine/part/segment_part.hpp"
#include "engine/search/bound_check.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "query/blind_check.hpp"
#include "reindex/reindex_kernels.hpp"
#include "reindex/reindex_plan.hpp"
#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace learndock::reindex {
namespace {

namespace fs = std::filesystem;

/// Records from one progress report to the next.
constexpr std::uint64_t kBuildingStride = 8192;

unsigned threads_of(const ReindexOptions& options) {
  return options.threads == 0 ? usable_cores() : options.threads;
}

/// The options with a backend.
Result<ReindexOptions> with_backend(ReindexOptions options) {
  if (options.backend == nullptr) {
    LEARNDOCK_TRY(options.backend, compute::open_backend("auto", options.threads));
  }
  return options;
}

/// The same with this machine's processors in place of a device, for opening finished pieces: the device may
/// have no room for them, and they are opened only to be checked.
Result<ReindexOptions> without_device(ReindexOptions options) {
  if (options.backend->on_device()) {
    LEARNDOCK_TRY(options.backend, compute::open_backend("auto", options.threads));
  }
  return options;
}

/// The name contains the plan's id, so that a file that a process of an older plan finishes late is not taken
/// for a piece.
fs::path piece_file(const fs::path& dock, const ReindexPlan& plan, std::size_t range, std::size_t space) {
  return dock::DockFolder(dock).reindex() /
         fmt::format("plan-{}-range-{:06}-space-{:06}.lds", plan.id, range, space);
}
/// The file that exists if all segments of the range do.
fs::path done_file(const fs::path& dock, const ReindexPlan& plan, std::size_t range) {
  return dock::DockFolder(dock).reindex() / fmt::format("plan-{}-range-{:06}.done", plan.id, range);
}

/// The segments of a finished range; nothing when it is not finished, or not known to be.
std::optional<std::vector<fs::path>> finished(const fs::path& dock, const ReindexPlan& plan,
                                              std::size_t range) {
  const auto text = io::read_file(done_file(dock, plan, range), 1 << 20);
  if (!text) return std::nullopt;
  const auto done = parse_json(*text);
  if (!done || !has_right_checksum(*done)) return std::nullopt;
  std::vector<fs::path> files;
  for (const Json& space : done->at("spaces")) {
    std::error_code ignored;
    files.push_back(piece_file(dock, plan, range, space.get<std::size_t>()));
    if (!fs::exists(files.back(), ignored)) return std::nullopt;
  }
  return files;
}

/// Builds the segments of one range.
class RangeBuilder {
 public:
  RangeBuilder(const fs::path& dock, const ReindexPlan& plan, const ReindexOptions& options,
               std::shared_ptr<compute::DeviceWarning> warning, std::size_t range)
      : dock_(dock), plan_(plan), options_(options), warning_(std::move(warning)), range_(range) {
    for (std::size_t s = 0; s < plan.spaces.size(); ++s) space_of_.emplace(plan.spaces[s], s);
  }

  Result<void> build(const catalog::Catalog& catalog, const std::function<void(std::uint64_t)>& done) {
    // Remove files of this range that a killed run left.
    for (std::size_t s = 0; s < plan_.spaces.size(); ++s)
      io::disk::remove_any(piece_file(dock_, plan_, range_, s));
    std::uint64_t read = 0;
    const SequenceRange& bounds = plan_.ranges[range_];
    LEARNDOCK_CHECK(catalog.visit_range(bounds.first, bounds.last, [&](catalog::LearnwareRecord& record) {
      if (++read % kBuildingStride == 0) done(read);
      return add(record);
    }));
    Json spaces = Json::array();
    for (auto& [space, piece] : pieces_) {
      const auto written = piece.finish();
      if (!written && written.error().code == ErrorCode::conflict)
        return fail(ErrorCode::conflict, "another process has built this piece",
                    piece_file(dock_, plan_, range_, space).string(),
                    "give each process a shard of its own: --shard 0/n to --shard n-1/n");
      LEARNDOCK_CHECK(written);
      spaces.push_back(space);
    }
    done(read);
    return io::write_file_atomically(done_file(dock_, plan_, range_),
                                     to_text(with_checksum({{"spaces", std::move(spaces)}})));
  }

 private:
  Result<void> add(catalog::LearnwareRecord& record) {
    if (record.statistical.empty() || !record.damage.empty()) return {};
    auto decoded = specification::from_binary(record.statistical);
    if (!decoded) return {};  // the plan has counted the damaged records
    specification::RkmeSpecification specification = std::move(*decoded);
    const specification::SpaceId key = plan_.kernels.current(specification::SpaceId::of(specification));
    const auto space = space_of_.find(key);
    // Learnwares outside the range of the codes are compared directly.
    if (space == space_of_.end() || !dock::is_indexable(specification)) return {};
    LEARNDOCK_TRY(engine::PartBuilder* const piece, piece_of(space->second));
    return piece->add(record.id.text(), record.sequence, std::move(specification));
  }

  Result<engine::PartBuilder*> piece_of(std::size_t space) {
    if (const auto known = pieces_.find(space); known != pieces_.end()) return &known->second;
    LEARNDOCK_TRY(auto subspace, read_planned_space(dock_, space));
    engine::PartWriterOptions writer_options;
    writer_options.codes = options_.codes;
    writer_options.threads = threads_of(options_);
    writer_options.prefilter = options_.prefilter;
    writer_options.backend = options_.backend;
    writer_options.device_warning = warning_;
    LEARNDOCK_TRY(engine::PartBuilder piece,
                  engine::PartBuilder::create(piece_file(dock_, plan_, range_, space), plan_.spaces[space],
                                              std::move(subspace), writer_options));
    return &pieces_.emplace(space, std::move(piece)).first->second;
  }

  const fs::path& dock_;
  const ReindexPlan& plan_;
  const ReindexOptions& options_;
  std::shared_ptr<compute::DeviceWarning> warning_;
  std::size_t range_;
  std::map<specification::SpaceId, std::size_t> space_of_;
  std::map<std::size_t, engine::PartBuilder> pieces_;
};

/// Mean kernel values under the threshold.
using BlindSpaces = std::map<specification::SpaceId, double>;

std::vector<std::string> warnings_of(const BlindSpaces& blind) {
  std::vector<std::string> warnings;
  for (const auto& [space, mean] : blind) warnings.push_back(query::blind_space_warning(space.text(), mean));
  return warnings;
}

/// @errors corrupt: damaged
Result<void> check_piece(const fs::path& file, const SequenceRange& range, const ReindexOptions& options,
                         ReindexReport& report, BlindSpaces& blind) {
  LEARNDOCK_TRY(const auto checked, engine::open_checked(file, options.backend, threads_of(options)));
  const auto& part = checked.part;
  if (part->count() > 0) {
    const auto keys = part->keys();
    if (keys.front() < range.first || keys.back() > range.last)
      return fail(ErrorCode::corrupt, "a piece contains learnwares of another piece", file.string());
  }
  const double mean = part->space()->subspace().statistics.mean_kernel;
  if (mean < specification::kKernelBlindThreshold) blind.emplace(part->space_id(), mean);
  report.bounds_checked += checked.check.bounds.pairs;
  report.searches_checked += checked.check.searches;
  report.learnwares += part->count();
  ++report.segments;
  return {};
}

/// The error for a piece that cannot become current, with its fix. The next run takes a damaged piece for
/// unfinished and builds it again.
Failure without_piece(Error error, const fs::path& done) {
  if (error.code == ErrorCode::corrupt) {
    const std::error_code not_removed = io::disk::remove_any(done);
    error.fix = not_removed
                    ? fmt::format("remove {} and run the reindex again", done.string())
                    : "run the reindex, or every shard and the merge, again: this piece is then rebuilt";
  } else if (error.code == ErrorCode::unsupported) {
    error.fix = fmt::format("continue with the program that wrote it, or remove the folder {} and plan again",
                            done.parent_path().string());
  }
  return Failure(std::move(error));
}

Result<void> check_dock(const fs::path& dock) {
  std::error_code ignored;
  if (fs::exists(dock::DockFolder(dock).settings(), ignored)) return {};
  return fail(ErrorCode::not_found, "there is no dock here", dock.string(),
              fmt::format("make one: learndock init {}", dock.string()));
}

Result<std::unique_ptr<catalog::Catalog>> open_catalogue(const fs::path& dock) {
  LEARNDOCK_CHECK(check_dock(dock));
  return catalog::open_sqlite_catalog(dock::DockFolder(dock).catalogue(), false);
}

Result<std::size_t> build_pieces(const fs::path& dock, const catalog::Catalog& catalog,
                                 const ReindexPlan& plan, const Shard& shard, const ReindexOptions& options,
                                 const ReindexProgress& progress) {
  LEARNDOCK_TRY(const std::uint64_t total, catalog.count());
  const auto warning = std::make_shared<compute::DeviceWarning>("the index is embedded");
  std::size_t resumed = 0;
  std::uint64_t before = 0;
  for (std::size_t range = 0; range < plan.ranges.size(); ++range) {
    if (range % shard.count != shard.index) continue;
    if (finished(dock, plan, range)) {
      ++resumed;
    } else {
      LEARNDOCK_CHECK(
          RangeBuilder(dock, plan, options, warning, range).build(catalog, [&](std::uint64_t done) {
            if (progress) progress("building", std::min(total, before + done), total);
          }));
    }
    before += options.range_records;
  }
  return resumed;
}

/// A finished segment and the range that it belongs to.
struct PieceFile {
  fs::path path;
  std::size_t range = 0;
};

/// @errors not_found: a range is not built yet
Result<std::vector<PieceFile>> all_pieces(const fs::path& dock, const ReindexPlan& plan) {
  std::vector<PieceFile> pieces;
  for (std::size_t range = 0; range < plan.ranges.size(); ++range) {
    const auto files = finished(dock, plan, range);
    if (!files)
      return fail(
          ErrorCode::not_found, fmt::format("piece {} of {} is not built yet", range, plan.ranges.size()),
          dock::DockFolder(dock).reindex().string(), "run every shard first: learndock reindex --shard i/n");
    for (const fs::path& file : *files) pieces.push_back({file, range});
  }
  return pieces;
}

Result<std::unique_ptr<store::IndexStore>> open_store(const fs::path& dock) {
  return store::IndexStore::open(dock::DockFolder(dock).index(), specification::check_kernels_text);
}

Result<ReindexReport> put_in_force(const fs::path& dock, const ReindexPlan& plan,
                                   const ReindexOptions& options, const ReindexProgress& progress) {
  LEARNDOCK_TRY(const std::vector<PieceFile> pieces, all_pieces(dock, plan));
  LEARNDOCK_TRY(const auto store, open_store(dock));
  LEARNDOCK_TRY(const specification::SpaceKernels kernels_now, kernels_in_use(*store->current()));
  if (kernels_now != plan.kernels_before)
    return fail(ErrorCode::conflict, "the kernels in use changed since this reindex was planned",
                dock::DockFolder(dock).reindex().string(), "plan it again: learndock reindex --plan");
  LEARNDOCK_TRY(const ReindexOptions checking, without_device(options));
  ReindexReport report;
  report.spaces = plan.spaces.size();
  report.kernels = plan.changes;
  BlindSpaces blind;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& [file, range] = pieces[i];
    auto sound = check_piece(file, plan.ranges[range], checking, report, blind);
    if (!sound) return without_piece(std::move(sound).error(), done_file(dock, plan, range));
    if (progress) progress("checking", i + 1, pieces.size());
  }
  report.warnings = warnings_of(blind);
  store::IndexContent content;
  content.kernels = specification::kernels_text(plan.kernels);
  content.options = dock::kept_options(options.prefilter, options.codes);
  content.covers = plan.ranges.empty() ? 0 : plan.ranges.back().last.value();
  for (const PieceFile& piece : pieces) {
    LEARNDOCK_TRY(auto segment, store->adopt(piece.path));
    content.segments.push_back(std::move(segment));
  }
  LEARNDOCK_TRY(const auto version, store->commit(std::move(content), store->current()->number));
  report.index_version = version->number;
  io::disk::remove_tree(dock::DockFolder(dock).reindex());  // files that remain do no harm
  return report;
}

}  // namespace

Result<std::size_t> plan_reindex(const fs::path& dock, const ReindexOptions& given,
                                 const ReindexProgress& progress) {
  LEARNDOCK_TRY(const ReindexOptions options, with_backend(given));
  LEARNDOCK_TRY(const auto catalog, open_catalogue(dock));
  LEARNDOCK_TRY(const ReindexPlan plan, make_plan(dock, *catalog, options, progress));
  return plan.ranges.size();
}

Result<std::size_t> build_shard(const fs::path& dock, const Shard& shard, const ReindexOptions& given,
                                const ReindexProgress& progress) {
  if (shard.count == 0 || shard.index >= shard.count)
    return fail(ErrorCode::invalid_argument,
                fmt::format("there is no shard {} of {}", shard.index, shard.count), "--shard",
                "shards are 0/n to n-1/n");
  LEARNDOCK_TRY(const ReindexOptions options, with_backend(given));
  LEARNDOCK_TRY(const ReindexPlan plan, read_plan(dock, options));
  LEARNDOCK_TRY(const auto catalog, open_catalogue(dock));
  return build_pieces(dock, *catalog, plan, shard, options, progress);
}

Result<ReindexReport> merge_shards(const fs::path& dock, const ReindexOptions& given,
                                   const ReindexProgress& progress) {
  LEARNDOCK_CHECK(check_dock(dock));
  LEARNDOCK_TRY(const ReindexOptions options, with_backend(given));
  dock::DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock));
  LEARNDOCK_TRY(const ReindexPlan plan, read_plan(dock, options));
  return put_in_force(dock, plan, options, progress);
}

Result<ReindexReport> reindex(const fs::path& dock, const ReindexOptions& given,
                              const ReindexProgress& progress) {
  LEARNDOCK_CHECK(check_dock(dock));
  LEARNDOCK_TRY(const ReindexOptions options, with_backend(given));
  dock::DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock));
  LEARNDOCK_TRY(const auto catalog, open_catalogue(dock));
  LEARNDOCK_TRY(const ReindexPlan plan, make_plan(dock, *catalog, options, progress));
  LEARNDOCK_TRY(const std::size_t resumed, build_pieces(dock, *catalog, plan, {}, options, progress));
  LEARNDOCK_TRY(ReindexReport report, put_in_force(dock, plan, options, progress));
  report.resumed = resumed;
  return report;
}

Result<std::uint64_t> rollback_index(const fs::path& dock) {
  LEARNDOCK_CHECK(check_dock(dock));
  dock::DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock));
  LEARNDOCK_TRY(const auto store, open_store(dock));
  LEARNDOCK_TRY(const auto version, store->rollback());
  return version->number;
}

Result<compute::CodeType> code_type_of(std::string_view name) {
  const auto type = compute::code_type_of_name(name);
  if (!type)
    return fail(ErrorCode::invalid_argument, fmt::format("there are no codes '{}'", name), "--codes",
                "choose int4, int8, fp16 or fp32");
  return *type;
}

}  // namespace learndock::reindex
