#pragma once

#include "engine/part/segment_part.hpp"
#include "engine/search/certified_search.hpp"
#include "trial/search_trial.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace learndock::trial {

/// What the steps of a search trial share once the market is built.

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] double milliseconds() const { return 1e3 * seconds(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

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

}  // namespace learndock::trial
