#include "verify/heartbeat.hpp"

#include "base/log.hpp"

namespace learndock::verify {

Heartbeat::Heartbeat(catalog::VerificationJobs& jobs, const catalog::Claim& claim,
                     std::chrono::milliseconds lease, const std::stop_token& outer)
    : jobs_(jobs),
      claim_(claim),
      lease_(lease),
      outer_(outer, [this] { stopping_.request_stop(); }),
      thread_([this](const std::stop_token& done) { beat(done); }) {}

Heartbeat::~Heartbeat() {
  thread_.request_stop();
  changed_.notify_all();
}

void Heartbeat::at(const char* stage) {
  {
    const std::lock_guard hold(mutex_);
    stage_ = stage;
    told_ = true;
  }
  changed_.notify_all();
}

bool Heartbeat::lost() const {
  const std::lock_guard hold(mutex_);
  return lost_;
}

void Heartbeat::beat(const std::stop_token& done) {
  constexpr int kBeatsPerLease = 3;
  std::unique_lock hold(mutex_);
  while (!done.stop_requested()) {
    changed_.wait_for(hold, done, lease_ / kBeatsPerLease, [this] { return told_; });
    if (done.stop_requested()) return;
    told_ = false;
    const std::string stage = stage_;
    hold.unlock();
    const auto renewed = jobs_.renew(claim_, stage, lease_);
    hold.lock();
    if (renewed) continue;
    // Another failure may pass; the lease is over when it does not.
    log(LogLevel::warning, "the lease of a verification is not renewed: " + describe(renewed.error()));
    if (renewed.error().code != ErrorCode::lease_lost) continue;
    lost_ = true;
    stopping_.request_stop();
    return;
  }
}

}  // namespace learndock::verify
