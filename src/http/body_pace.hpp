#pragma once

#include "learndock/base/result.hpp"
#include "learndock/http/http_limits.hpp"

#include <chrono>
#include <cstdint>
#include <deque>

namespace learndock::http {

/// Measures whether a body arrives fast enough. The rate is taken over the last `body_grace`, so that bytes
/// sent early buy no time later. The total time is limited too. Only time spent waiting for the client
/// counts: a busy server or disk is not the client's fault.
class BodyPace {
 public:
  /// @param long_body  a package: may take longer than `body_timeout` at a fair average rate
  BodyPace(const HttpLimits& limits, bool long_body) : limits_(limits), long_body_(long_body) {}

  /// @param waited  time spent waiting for these bytes @errors http_slow
  [[nodiscard]] Result<void> add(std::chrono::nanoseconds waited, std::uint64_t bytes);

 private:
  struct Mark {
    std::chrono::nanoseconds at;
    std::uint64_t bytes;
  };
  [[nodiscard]] Result<void> check_window();
  [[nodiscard]] Result<void> check_total() const;

  const HttpLimits& limits_;
  bool long_body_;
  std::chrono::nanoseconds waited_{0};
  std::uint64_t received_ = 0;
  std::deque<Mark> marks_{
      {std::chrono::nanoseconds(0), 0}};  ///< about eight in a window; the first is where the window begins
};

}  // namespace learndock::http
