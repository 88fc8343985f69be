// Certified searches of a synthetic market through each prefilter, in one run over the same parts: latency of
// single queries, and of batches.
//
//   prefilter_latency [learnwares 200000] [dimension 20] [tasks 2000] [prefilters cells,code_scan] [queries
//   200]
#include "learndock/compute/registry.hpp"
#include "learndock/index/segment_part.hpp"
#include "learndock/index/synthetic_market.hpp"

#include "compute/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <sstream>
#include <unistd.h>

namespace learndock::index {
namespace {

using Clock = std::chrono::steady_clock;
/// As the stored index has them.
constexpr std::size_t kPart = 500'000, kBatch = 8192, kSample = 8192;
constexpr std::uint64_t kFirstQuery = std::uint64_t{1} << 40U;

double milliseconds(Clock::time_point since) {
  return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
}

struct Shape {
  std::size_t learnwares = 200'000, dimension = 20, tasks = 2000, queries = 200;
};

std::vector<OwnedSet> make(const SyntheticMarket& market, std::uint64_t first, std::size_t count,
                           unsigned threads) {
  std::vector<OwnedSet> sets(count);
  compute::run_tasks(count, threads, [&](std::size_t i) { sets[i] = market.make(first + i); });
  return sets;
}

std::vector<compute::ReducedSetView> views_of(const std::vector<OwnedSet>& sets) {
  std::vector<compute::ReducedSetView> views;
  for (const OwnedSet& set : sets) views.push_back(set.view());
  return views;
}

class Bench {
 public:
  Bench(const Shape& shape, std::vector<PrefilterKind> kinds)
      : shape_(shape),
        kinds_(std::move(kinds)),
        market_({MarketKind::clustered, shape.tasks, shape.dimension}),
        folder_(std::filesystem::temp_directory_path() / fmt::format("prefilter-latency-{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~Bench() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  Result<void> run() {
    const auto sample = make(market_, 0, std::min(kSample, shape_.learnwares), threads_);
    LEARNDOCK_TRY(FeatureSpace space,
                  FeatureSpace::fit(views_of(sample), {market_.options().used_gamma(), 1}, {}, *backend_));
    space_ = std::make_shared<const FeatureSpace>(std::move(space));
    parts_.resize(kinds_.size());
    for (std::size_t first = 0; first < shape_.learnwares; first += kPart)
      LEARNDOCK_CHECK(build(first, std::min(kPart, shape_.learnwares - first)));
    const auto queries = make(market_, kFirstQuery, shape_.queries, threads_);
    // Twice, so that what the first pass leaves in caches is there for all.
    for (const bool counted : {false, true})
      for (std::size_t k = 0; k < kinds_.size(); ++k) LEARNDOCK_CHECK(search(k, views_of(queries), counted));
    return {};
  }

 private:
  Result<void> build(std::size_t first, std::size_t count) {
    std::vector<PartWriter> writers;
    for (const PrefilterKind kind : kinds_) {
      PartWriterOptions options;
      options.threads = threads_;
      options.prefilter = kind;
      LEARNDOCK_TRY(
          PartWriter writer,
          PartWriter::create(
              file(first, kind),
              {spec::StatisticalType::rkme_table, {shape_.dimension}, market_.options().used_gamma(), 1},
              space_, options));
      writers.push_back(std::move(writer));
    }
    for (std::size_t at = first; at < first + count; at += kBatch)
      LEARNDOCK_CHECK(add(writers, at, std::min(kBatch, first + count - at)));
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      const auto began = Clock::now();
      LEARNDOCK_CHECK(writers[k].finish());
      LEARNDOCK_TRY(auto part, open_part(file(first, kinds_[k]), backend_, threads_));
      fmt::print("{}: finished and opened a part of {} in {:.1f} s: {}\n", prefilter_name(kinds_[k]), count,
                 milliseconds(began) / 1000, part->prefilter().name());
      parts_[k].push_back({std::move(part)});
    }
    return {};
  }

  Result<void> add(std::vector<PartWriter>& writers, std::size_t first, std::size_t count) {
    const auto sets = make(market_, first, count, threads_);
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(fmt::format("{:010}", first + i));
    std::vector<PartItem> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back({ids[i], sets[i].view()});
    std::vector<std::uint64_t> keys(count);
    std::iota(keys.begin(), keys.end(), first);
    for (PartWriter& writer : writers) LEARNDOCK_CHECK(writer.add(items, keys));
    return {};
  }

  Result<void> search(std::size_t k, const std::vector<compute::ReducedSetView>& queries, bool counted) {
    std::vector<double> times, evaluated;
    std::size_t exact = 0;
    CertifiedOptions options;
    options.threads = threads_;
    for (const auto& query : queries) {
      const auto began = Clock::now();
      LEARNDOCK_TRY(const auto answers, certified_search(parts_[k], {&query, 1}, options));
      times.push_back(milliseconds(began));
      evaluated.push_back(static_cast<double>(answers[0].evaluated));
      exact += answers[0].exact ? 1U : 0U;
    }
    const auto began = Clock::now();
    for (std::size_t first = 0; first < queries.size(); first += 64)
      LEARNDOCK_CHECK(certified_search(
          parts_[k], std::span(queries).subspan(first, std::min<std::size_t>(64, queries.size() - first)),
          options));
    const double batched = milliseconds(began) / static_cast<double>(queries.size());
    std::sort(times.begin(), times.end());
    std::sort(evaluated.begin(), evaluated.end());
    if (counted)
      fmt::print(
          "{}: N {} d {}: p50 {:.2f} ms, p99 {:.2f} ms; batches of 64: {:.2f} ms a query; evaluated "
          "median {}; exact {} of {}\n",
          prefilter_name(kinds_[k]), shape_.learnwares, shape_.dimension, times[times.size() / 2],
          times[times.size() * 99 / 100], batched, evaluated[evaluated.size() / 2], exact, queries.size());
    return {};
  }

  [[nodiscard]] std::filesystem::path file(std::size_t first, PrefilterKind kind) const {
    return folder_ / fmt::format("{}-{}", first, prefilter_name(kind));
  }

  Shape shape_;
  std::vector<PrefilterKind> kinds_;
  SyntheticMarket market_;
  std::filesystem::path folder_;
  unsigned threads_ = compute::usable_cores();
  std::shared_ptr<const compute::Backend> backend_ = compute::open_backend("cpu", threads_).value();
  std::shared_ptr<const FeatureSpace> space_;
  std::vector<std::vector<FilteredPart>> parts_;
};

Result<void> run(std::span<char*> arguments) {
  const auto number = [&](std::size_t i, std::size_t otherwise) {
    return arguments.size() > i ? static_cast<std::size_t>(std::strtoull(arguments[i], nullptr, 10))
                                : otherwise;
  };
  const Shape shape{number(1, 200'000), number(2, 20), number(3, 2000), number(5, 200)};
  std::istringstream names(arguments.size() > 4 ? arguments[4] : "cells,code_scan");
  std::vector<PrefilterKind> kinds;
  for (std::string name; std::getline(names, name, ',');) {
    LEARNDOCK_TRY(const PrefilterKind kind, prefilter_kind(name));
    kinds.push_back(kind);
  }
  return Bench(shape, std::move(kinds)).run();
}

}  // namespace
}  // namespace learndock::index

int main(int count, char** arguments) {
  const auto done = learndock::index::run(std::span(arguments, static_cast<std::size_t>(count)));
  if (!done) fmt::print(stderr, "{}\n", done.error().message);
  return done ? 0 : 1;
}
