#include "search_scene.hpp"

#include "learndock/compute/registry.hpp"

#include "base/parallel.hpp"
#include "engine/part/part_writer.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace learndock::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 8192;

std::vector<std::size_t> nearest(std::span<const double> distances, std::span<const std::size_t> items,
                                 std::size_t top) {
  std::vector<std::size_t> order(items.begin(), items.end());
  const auto kept = static_cast<std::ptrdiff_t>(std::min(top, order.size()));
  std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](std::size_t a, std::size_t b) {
    return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
  });
  order.resize(static_cast<std::size_t>(kept));
  return order;
}

}  // namespace

Result<SearchScene> SearchScene::create(const SceneOptions& options) {
  SearchScene scene(options);
  if (scene.options_.threads == 0) scene.options_.threads = usable_cores();
  LEARNDOCK_CHECK(scene.make_sets());
  LEARNDOCK_CHECK(scene.build());
  LEARNDOCK_CHECK(scene.find_truth());
  return scene;
}

SearchScene::~SearchScene() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<void> SearchScene::make_sets() {
  const auto source = trial::synthetic_sets(options_.market);
  sets_.resize(options_.learnwares + options_.queries);
  std::vector<Result<void>> done(sets_.size());
  run_tasks(sets_.size(), options_.threads, [&](std::size_t i) {
    auto set = i < options_.learnwares ? source->learnware(i) : source->query(i - options_.learnwares);
    done[i] = std::move(set).map([&](trial::OwnedSet&& one) { sets_[i] = std::move(one); });
  });
  for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
  for (std::size_t i = 0; i < sets_.size(); ++i)
    (i < options_.learnwares ? learnware_views_ : query_views_).push_back(sets_[i].view());
  return {};
}

Result<void> SearchScene::build() {
  std::string name = (std::filesystem::temp_directory_path() / "learndock-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return Failure(io::system_error(errno, "making a folder", name));
  folder_ = name;
  LEARNDOCK_TRY(const auto backend, compute::open_backend("cpu", options_.threads));
  const compute::Kernel kernel{options_.market.used_gamma(), 1};
  auto start = Clock::now();
  const auto sample = learnwares().first(std::min(kBatch, learnwares().size()));
  LEARNDOCK_TRY(engine::FeatureSpace fitted, engine::FeatureSpace::fit(sample, kernel, {}, *backend));
  fit_seconds_ = seconds_since(start);
  const auto space = std::make_shared<const engine::FeatureSpace>(std::move(fitted));
  engine::PartWriterOptions writing;
  writing.threads = options_.threads;
  const specification::SpaceId key{{}, {options_.market.dimension}, kernel};
  start = Clock::now();
  LEARNDOCK_TRY(engine::PartWriter writer,
                engine::PartWriter::create(folder_ / "market.lds", key, space, writing));
  for (std::size_t first = 0; first < options_.learnwares; first += kBatch) {
    std::vector<std::string> ids;
    std::vector<LearnwareNumber> keys;
    std::vector<engine::ItemContent> items;
    const std::size_t end = std::min(first + kBatch, options_.learnwares);
    for (std::size_t i = first; i < end; ++i) ids.push_back(fmt::format("{:08}", i));
    for (std::size_t i = first; i < end; ++i) keys.emplace_back(i);
    for (std::size_t i = first; i < end; ++i) items.push_back({ids[i - first], learnware_views_[i]});
    LEARNDOCK_CHECK(writer.add(items, keys));
  }
  LEARNDOCK_CHECK(writer.finish());
  build_seconds_ = seconds_since(start);
  LEARNDOCK_TRY(part_, open(options_.threads));
  return {};
}

Result<std::shared_ptr<const engine::StoredPart>> SearchScene::open(unsigned threads) const {
  LEARNDOCK_TRY(const auto backend, compute::open_backend(options_.backend, threads));
  return engine::open_part(folder_ / "market.lds", backend, threads);
}

Result<void> SearchScene::find_truth() {
  std::vector<double> distances(options_.learnwares);
  std::vector<std::size_t> all(options_.learnwares);
  std::iota(all.begin(), all.end(), std::size_t{0});
  constexpr std::size_t kPiece = 2048;
  for (const compute::ReducedSetView& query : query_views_) {
    const auto start = Clock::now();
    const compute::DirectQuery direct(query, part_->kernel());
    const double self = direct.inner_product(query);
    run_tasks((all.size() + kPiece - 1) / kPiece, options_.threads, [&](std::size_t piece) {
      for (std::size_t i = piece * kPiece; i < std::min(all.size(), (piece + 1) * kPiece); ++i)
        distances[i] =
            part_->self(engine::PartItem::at(i)) - 2 * direct.inner_product(learnware_views_[i]) + self;
    });
    truth_.push_back(nearest(distances, all, options_.top));
    brute_milliseconds_.push_back(1e3 * seconds_since(start));
  }
  return {};
}

std::vector<std::size_t> SearchScene::rank(const compute::ReducedSetView& query,
                                           std::span<const std::int64_t> candidates) const {
  const compute::DirectQuery direct(query, part_->kernel());
  std::vector<double> distances;
  std::vector<std::size_t> items, places;
  for (const std::int64_t candidate : candidates) {
    if (candidate < 0) continue;
    const auto item = static_cast<std::size_t>(candidate);
    distances.push_back(part_->self(engine::PartItem::at(item)) -
                        2 * direct.inner_product(learnware_views_[item]));
    places.push_back(items.size());
    items.push_back(item);
  }
  std::vector<std::size_t> best = nearest(distances, places, options_.top);
  for (std::size_t& place : best) place = items[place];
  return best;
}

Result<SearchRow> measure(const SearchScene& scene, std::string name, unsigned single_threads,
                          const Ask& ask) {
  SearchRow row;
  row.name = std::move(name);
  const auto queries = scene.queries();
  double least = 0;
  // One pass more than is counted: the first warms up.
  for (std::size_t pass = 0; pass <= scene.options().repeats; ++pass) {
    std::vector<double> milliseconds;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const auto start = Clock::now();
      LEARNDOCK_CHECK(ask(queries.subspan(q, 1), single_threads));
      milliseconds.push_back(1e3 * seconds_since(start));
    }
    const double total = std::accumulate(milliseconds.begin(), milliseconds.end(), 0.0);
    if (pass == 0 || (pass > 1 && total >= least)) continue;
    least = total;
    row.milliseconds = trial::Quantiles::of(milliseconds);
  }
  std::vector<std::vector<std::size_t>> answers;
  for (std::size_t pass = 0; pass < scene.options().repeats; ++pass) {
    const auto start = Clock::now();
    LEARNDOCK_TRY(answers, ask(queries, scene.options().threads));
    row.batched_per_second =
        std::max(row.batched_per_second, static_cast<double>(queries.size()) / seconds_since(start));
  }
  std::size_t found = 0, wanted = 0, right = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    std::size_t here = 0;
    for (const std::size_t item : scene.truth()[q])
      here += std::find(answers[q].begin(), answers[q].end(), item) != answers[q].end() ? 1 : 0;
    found += here;
    wanted += scene.truth()[q].size();
    right += here == scene.truth()[q].size() ? 1 : 0;
  }
  row.recall = static_cast<double>(found) / static_cast<double>(wanted);
  row.all_right = static_cast<double>(right) / static_cast<double>(queries.size());
  return row;
}

}  // namespace learndock::bench
