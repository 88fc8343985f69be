#pragma once

#include "learndock/query/search.hpp"

#include "base/mutex.hpp"
#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace learndock::dock {

/// Keeps the view's knowledge of verified and failed learnwares up to date: workers, also of other processes,
/// change the catalogue, and a search that filters by status looks whether they did.
/// @threads  safe to call concurrently
class Statuses {
 public:
  /// Brings the view up to date, if the catalogue has changed. While many packages are verified, not at each
  /// call: looking takes time that grows with their number. @cost one row, else all tried learnwares
  [[nodiscard]] Result<void> refresh(const Truth& truth, View& view) LEARNDOCK_EXCLUDES(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  Mutex mutex_;
  std::optional<std::uint64_t> seen_ LEARNDOCK_GUARDED_BY(mutex_);  ///< the catalogue's count of changes
  Clock::time_point next_ LEARNDOCK_GUARDED_BY(mutex_);             ///< not before it
};

/// Says the status of each learnware of an answer, as the catalogue has it now.
[[nodiscard]] Result<void> add_statuses(const Truth& truth, query::SearchAnswer& answer);

}  // namespace learndock::dock
