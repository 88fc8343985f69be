#pragma once

#include "engine/part/segment_part.hpp"
#include "trial/search_trial.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace learndock::bench {

struct SceneOptions {
  trial::SyntheticOptions market;
  std::size_t learnwares = 100'000;
  std::size_t queries = 200;
  std::size_t top = 10;
  std::size_t repeats = 3;
  unsigned threads = 0;
  std::string backend = "cpu";  ///< of the certified search's bounds
};

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One market, its segment, queries and their exact answers, for all rivals of a run.
class SearchScene {
 public:
  [[nodiscard]] static Result<SearchScene> create(const SceneOptions& options);
  ~SearchScene();
  SearchScene(SearchScene&&) noexcept = default;
  SearchScene& operator=(SearchScene&&) = delete;

  [[nodiscard]] const SceneOptions& options() const { return options_; }
  [[nodiscard]] const engine::StoredPart& part() const { return *part_; }
  [[nodiscard]] std::span<const compute::ReducedSetView> learnwares() const { return learnware_views_; }
  [[nodiscard]] std::span<const compute::ReducedSetView> queries() const { return query_views_; }
  /// Items of the exact answer to each query, the nearest first.
  [[nodiscard]] const std::vector<std::vector<std::size_t>>& truth() const { return truth_; }
  [[nodiscard]] const std::vector<double>& brute_milliseconds() const { return brute_milliseconds_; }
  [[nodiscard]] double fit_seconds() const { return fit_seconds_; }
  [[nodiscard]] double build_seconds() const { return build_seconds_; }
  /// The segment again, its scans on so many threads.
  [[nodiscard]] Result<std::shared_ptr<const engine::StoredPart>> open(unsigned threads) const;
  /// The `top` of some candidates by exact distance. Unknown ones (-1) are left out.
  [[nodiscard]] std::vector<std::size_t> rank(const compute::ReducedSetView& query,
                                              std::span<const std::int64_t> candidates) const;

 private:
  explicit SearchScene(const SceneOptions& options) : options_(options) {}
  Result<void> make_sets();
  Result<void> build();
  Result<void> find_truth();

  SceneOptions options_;
  std::filesystem::path folder_;
  std::vector<trial::OwnedSet> sets_;  // the learnwares, then the queries
  std::vector<compute::ReducedSetView> learnware_views_, query_views_;
  std::shared_ptr<const engine::StoredPart> part_;
  std::vector<std::vector<std::size_t>> truth_;
  std::vector<double> brute_milliseconds_;
  double fit_seconds_ = 0, build_seconds_ = 0;
};

/// Answers queries on so many threads.
using Ask = std::function<Result<std::vector<std::vector<std::size_t>>>(
    std::span<const compute::ReducedSetView>, unsigned threads)>;

struct SearchRow {
  std::string name;
  double recall = 0;              ///< share of the exact answers' items that were found
  double all_right = 0;           ///< share of queries with all of them
  trial::Quantiles milliseconds;  ///< of single queries
  double batched_per_second = 0;  ///< all queries at once, on all threads
};

/// The quickest of some passes over single queries (on `single_threads`) and of some batches.
[[nodiscard]] Result<SearchRow> measure(const SearchScene& scene, std::string name, unsigned single_threads,
                                        const Ask& ask);

}  // namespace learndock::bench
