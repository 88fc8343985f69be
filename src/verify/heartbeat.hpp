#pragma once

#include "catalog/verification_jobs.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace learndock::verify {

/// Keeps the lease of a claim while its package is tried. When the lease is lost, the work is told to stop:
/// its result would be refused.
class Heartbeat {
 public:
  /// @param outer  also stops the work
  Heartbeat(catalog::VerificationJobs& jobs, const catalog::Claim& claim, std::chrono::milliseconds lease,
            const std::stop_token& outer);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Says what is being done; it is stored at once.
  void at(const char* stage);
  /// Stops the work when the lease is lost, or the outer token says so.
  [[nodiscard]] std::stop_token stop() const { return stopping_.get_token(); }
  [[nodiscard]] bool lost() const;

 private:
  void beat(const std::stop_token& done);

  catalog::VerificationJobs& jobs_;
  const catalog::Claim& claim_;
  const std::chrono::milliseconds lease_;
  std::stop_source stopping_;
  std::stop_callback<std::function<void()>> outer_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string stage_ = "claimed";
  bool told_ = false;  ///< the stage has changed since it was stored
  bool lost_ = false;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace learndock::verify
