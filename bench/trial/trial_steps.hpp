#pragma once

#include "engine/part/segment_part.hpp"
#include "engine/search/certified_search.hpp"
#include "trial/search_trial.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace learndock::trial {

/// The steps of a search trial after the market is built.

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] double milliseconds() const { return 1e3 * seconds(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Sets of queries or learnwares from number `first` on, made on `threads` threads.
[[nodiscard]] Result<std::vector<OwnedSet>> make_sets(const TrialSets& sets, bool queries,
                                                      std::uint64_t first, std::size_t count,
                                                      unsigned threads);

struct Trial {
  const TrialSets& sets;
  const TrialOptions& options;  ///< threads are known
  const TrialProgress& progress;
  const compute::Backend& backend;
  std::shared_ptr<const engine::StoredPart> part;
  std::vector<OwnedSet> queries = {};

  [[nodiscard]] std::vector<engine::FilteredPart> parts() const { return {engine::FilteredPart{part}}; }
  [[nodiscard]] engine::CertifiedOptions search_options() const {
    engine::CertifiedOptions search;
    search.top = options.top;
    search.threads = options.threads;
    search.backend = &backend;
    return search;
  }
};

/// Measures latencies, the rate of a batch and the answers' numbers. @errors of certified_search
[[nodiscard]] Result<void> time_queries(const Trial& trial, TrialReport& report);
/// @errors internal: an answer that claims to be exact is not
[[nodiscard]] Result<void> compare_with_brute_force(const Trial& trial, TrialReport& report);
[[nodiscard]] Result<void> time_mixtures(const Trial& trial, TrialReport& report);

}  // namespace learndock::trial
