#include "trial/search_trial.hpp"

#include "learndock/compute/registry.hpp"

#include "base/parallel.hpp"
#include "engine/part/part_writer.hpp"
#include "engine/search/bound_check.hpp"
#include "engine/space/part_sections.hpp"
#include "io/file.hpp"
#include "trial/trial_mixtures.hpp"
#include "trial/trial_queries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>

namespace learndock::trial {
namespace {

namespace fs = std::filesystem;

/// Learnwares made and embedded together.
constexpr std::size_t kBatch = 8192;
constexpr std::size_t kCheckedQueries = 8;

double peak_resident() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

/// A folder that is removed with all its contents at the end of its life.
class TemporaryFolder {
 public:
  Result<fs::path> create() {
    std::string name = (fs::temp_directory_path() / "learndock-trial-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return Failure(io::system_error(errno, "making a folder", name));
    return path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

 private:
  fs::path path_;
};

/// Calls make(0), ..., make(count - 1) on threads.
template <class Make>
Result<std::vector<OwnedSet>> make_numbered(std::size_t count, unsigned threads, const Make& make) {
  std::vector<OwnedSet> made(count);
  std::vector<Result<void>> done(count);
  run_tasks(count, threads,
            [&](std::size_t i) { done[i] = make(i).map([&](OwnedSet&& one) { made[i] = std::move(one); }); });
  for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
  return made;
}

/// Sets of queries or learnwares from number `first` on.
Result<std::vector<OwnedSet>> make_sets(const TrialSets& sets, bool queries, std::uint64_t first,
                                        std::size_t count, unsigned threads) {
  return make_numbered(count, threads, [&](std::size_t i) {
    return queries ? sets.query(first + i) : sets.learnware(first + i);
  });
}

Result<std::shared_ptr<const engine::FeatureSpace>> fit_space(const TrialSets& sets,
                                                              const TrialOptions& options,
                                                              const compute::Backend& backend,
                                                              TrialBuild& build) {
  // The sample is spread over the market, whose tasks and regions may come in order.
  const std::size_t count = std::min(engine::kSubspaceSample, options.learnwares),
                    stride = options.learnwares / count;
  LEARNDOCK_TRY(const std::vector<OwnedSet> sample, make_numbered(count, options.threads, [&](std::size_t i) {
                  return sets.learnware(i * stride);
                }));
  std::vector<compute::ReducedSetView> views;
  for (const OwnedSet& set : sample) views.push_back(set.view());
  engine::SubspaceOptions subspace = options.subspace;
  if (subspace.coordinates == 0) subspace.coordinates = engine::chosen_coordinates(options.learnwares);
  const Stopwatch watch;
  LEARNDOCK_TRY(engine::FeatureSpace space,
                engine::FeatureSpace::fit(views, {sets.gamma(), 1}, subspace, backend));
  build.fit_seconds = watch.seconds();
  return std::make_shared<const engine::FeatureSpace>(std::move(space));
}

Result<void> add_batch(engine::PartWriter& writer, const std::vector<OwnedSet>& sets, std::size_t first) {
  std::vector<std::string> ids;
  std::vector<LearnwareNumber> keys;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    ids.push_back(fmt::format("{:08}", first + i));
    keys.emplace_back(first + i);
  }
  std::vector<engine::ItemContent> items;
  for (std::size_t i = 0; i < sets.size(); ++i) items.push_back({ids[i], sets[i].view()});
  return writer.add(items, keys);
}

Result<TrialBuild> build_segment(const TrialSets& sets, const TrialOptions& options, const fs::path& file,
                                 const std::shared_ptr<const compute::Backend>& backend,
                                 const TrialProgress& progress) {
  TrialBuild build;
  LEARNDOCK_TRY(const auto space, fit_space(sets, options, *backend, build));
  engine::PartWriterOptions writing;
  writing.codes = options.codes;
  writing.items_per_cell = options.items_per_cell;
  writing.prefilter = options.prefilter;
  writing.threads = options.threads;
  writing.backend = backend;
  const specification::SpaceId key{{}, {sets.dimension()}, {sets.gamma(), 1}};
  LEARNDOCK_TRY(engine::PartWriter writer, engine::PartWriter::create(file, key, space, writing));
  for (std::size_t first = 0; first < options.learnwares; first += kBatch) {
    if (progress) progress("building", first, options.learnwares);
    LEARNDOCK_TRY(
        const std::vector<OwnedSet> batch,
        make_sets(sets, false, first, std::min(kBatch, options.learnwares - first), options.threads));
    const Stopwatch watch;
    LEARNDOCK_CHECK(add_batch(writer, batch, first));
    build.add_seconds += watch.seconds();
  }
  const Stopwatch watch;
  LEARNDOCK_CHECK(writer.finish());
  build.add_seconds += watch.seconds();
  if (progress) progress("building", options.learnwares, options.learnwares);
  build.rate = static_cast<double>(options.learnwares) / (build.fit_seconds + build.add_seconds);
  build.peak_resident_bytes = peak_resident();
  return build;
}

Result<void> check_options(const TrialSets& sets, const TrialOptions& options) {
  if (options.learnwares == 0 || options.queries == 0 || options.top == 0 || options.repeats == 0)
    return fail(ErrorCode::invalid_argument, "a trial needs learnwares, queries, hits and a pass", {},
                "give numbers of at least 1");
  const std::uint64_t wanted = options.learnwares + options.queries;
  if (wanted > sets.available())
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} learnwares and {} queries were asked for, and there are {} sets",
                            options.learnwares, options.queries, sets.available()),
                {}, "ask for fewer with --n and --queries");
  return {};
}

Result<void> check_same(const engine::StoredPart& part, const TrialSets& sets, const TrialOptions& options) {
  if (part.count() == options.learnwares && part.dimension() == sets.dimension() &&
      part.kernel().gamma == sets.gamma() && part.kernel().scales == 1)
    return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the segment holds {} learnwares of {}", part.count(), part.space_id().text()),
              options.file.string(), "remove the file, or give the options that it was made with");
}

TrialSize size_of(const engine::StoredPart& part) {
  TrialSize size;
  const auto items = static_cast<double>(part.count());
  for (const store::SectionInfo& section : part.segment()->sections()) {
    const double each = static_cast<double>(section.length) / items;
    switch (section.id) {
      case engine::kCodeSection:
        size.codes += each;
        break;
      case engine::kFactorSection:
        size.factors += each;
        break;
      case engine::kRecordSection:
        size.reduced_sets += each;
        break;
      case engine::kSelfSection:
      case engine::kKeySection:
      case engine::kIdStartSection:
      case engine::kIdSection:
      case engine::kRecordStartSection:
        size.tables += each;
        break;
      default:
        size.space_bytes += section.length;
    }
  }
  return size;
}

/// Opens the segment and answers one query, as a program that has just started does.
Result<void> open_and_answer(Trial& trial, const fs::path& file,
                             const std::shared_ptr<const compute::Backend>& backend, TrialReport& report) {
  const Stopwatch watch;
  LEARNDOCK_TRY(trial.part, engine::open_part(file, backend, trial.options.threads));
  LEARNDOCK_CHECK(check_same(*trial.part, trial.sets, trial.options));
  const compute::ReducedSetView query = trial.queries[0].view();
  LEARNDOCK_CHECK(engine::certified_search(trial.parts(), {&query, 1}, trial.search_options()));
  report.open_seconds = watch.seconds();
  LEARNDOCK_TRY(const engine::BoundCheck check,
                engine::check_bounds(*trial.part, kCheckedQueries, 1, trial.options.threads));
  report.bounds_checked = check.pairs;
  return {};
}

void describe(const Trial& trial, TrialReport& report) {
  const engine::FeatureSpace& space = *trial.part->space();
  report.learnwares = trial.options.learnwares;
  report.queries = trial.options.queries;
  report.top = trial.options.top;
  report.threads = trial.options.threads;
  report.backend = trial.backend.name();
  report.dimension = space.dimension();
  report.gamma = space.kernel().gamma;
  report.coordinates = space.coordinates();
  report.landmarks = space.subspace().landmarks.rows();
  report.mean_kernel = space.subspace().statistics.mean_kernel;
  report.residual_share = space.subspace().statistics.residual_share;
  report.prefilter = trial.part->prefilter().name();
  report.size = size_of(*trial.part);
}

}  // namespace

Quantiles Quantiles::of(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  if (sorted.empty()) return {};
  std::sort(sorted.begin(), sorted.end());
  // The nearest rank: at least this share of the values is not above it.
  const auto rank = [&](std::size_t percent) { return sorted[(percent * sorted.size() + 99) / 100 - 1]; };
  return {rank(50), rank(95), rank(99), sorted.back()};
}

Result<TrialReport> run_search_trial(const TrialSets& sets, const TrialOptions& given,
                                     const TrialProgress& progress) {
  TrialOptions options = given;
  if (options.threads == 0) options.threads = usable_cores();
  LEARNDOCK_CHECK(check_options(sets, options));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(options.backend, options.threads));
  TemporaryFolder folder;
  fs::path file = options.file;
  if (file.empty()) {
    LEARNDOCK_TRY(const fs::path made, folder.create());
    file = made / "market.lds";
  }
  TrialReport report;
  std::error_code ignored;  // an error is reported when the file is opened
  if (!fs::exists(file, ignored)) {
    LEARNDOCK_TRY(report.build, build_segment(sets, options, file, backend, progress));
  }
  Trial trial{sets, options, progress, *backend, nullptr};
  LEARNDOCK_TRY(trial.queries, make_sets(sets, true, 0, options.queries, options.threads));
  LEARNDOCK_CHECK(open_and_answer(trial, file, backend, report));
  describe(trial, report);
  LEARNDOCK_CHECK(time_queries(trial, report));
  LEARNDOCK_CHECK(compare_with_brute_force(trial, report));
  if (options.mixture_members > 0) LEARNDOCK_CHECK(time_mixtures(trial, report));
  report.peak_resident_bytes = peak_resident();
  return report;
}

}  // namespace learndock::trial
