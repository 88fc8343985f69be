#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace learndock::query {

/// The end of one search's time budget. Work asks `spent` only where it would stop, so that `cut` tells
/// afterwards whether anything was left undone.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  Deadline() = default;
  Deadline(Clock::time_point start, const std::optional<std::chrono::milliseconds>& budget)
      : limited_(budget.has_value()), end_(start + budget.value_or(std::chrono::milliseconds(0))) {}

  [[nodiscard]] bool limited() const { return limited_; }
  /// Whether time is over; safe for several threads at once. A caller that leaves work undone then calls
  /// `cut_short`.
  [[nodiscard]] bool is_over() const { return limited_ && Clock::now() >= end_; }
  /// @param after time that work takes which remains in any case
  [[nodiscard]] bool spent(Clock::duration after = {}) {
    if (!limited_ || Clock::now() + after < end_) return false;
    cut_ = true;
    return true;
  }
  /// Another budget than time ended the work, or another thread saw its end.
  void cut_short() { cut_ = true; }
  [[nodiscard]] bool cut() const { return cut_; }
  /// For work that every answer needs: this deadline, or `from_now` from now if that is later.
  [[nodiscard]] Deadline at_least(Clock::duration from_now) const {
    Deadline later = *this;
    later.end_ = std::max(end_, Clock::now() + from_now);
    return later;
  }
  /// The end, for work that looks at the clock itself; none if there is no budget.
  [[nodiscard]] std::optional<Clock::time_point> end() const {
    return limited_ ? std::optional(end_) : std::nullopt;
  }

 private:
  bool limited_ = false;
  bool cut_ = false;
  Clock::time_point end_;
};

}  // namespace learndock::query
