#include "verify/worker.hpp"

#include "base/crash_point.hpp"
#include "base/log.hpp"
#include "verify/heartbeat.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace learndock::verify {
namespace {

void wait_until(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock hold(mutex);
  woken.wait_for(hold, stop, time, [] { return false; });
}

}  // namespace

Worker::Worker(catalog::VerificationJobs& jobs, const Checker& checker, WorkerOptions options)
    : jobs_(jobs), checker_(checker), options_(std::move(options)) {}

Result<void> Worker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto worked = run_one(stop);
    // Another program may hold the catalogue, or the disk may be full: both pass.
    if (!worked && worked.error().code != ErrorCode::unavailable &&
        worked.error().code != ErrorCode::no_space)
      return Failure(worked.error());
    if (!worked) log(LogLevel::warning, "the queue of verifications: " + describe(worked.error()));
    if (!worked || !*worked) wait_until(stop, options_.idle);
  }
  return {};
}

Result<bool> Worker::run_one(const std::stop_token& stop) {
  LEARNDOCK_TRY(const std::optional<catalog::Claim> claim, jobs_.claim(options_.name, options_.lease));
  if (!claim) return false;
  crash_point("worker.claimed");
  const auto report = try_package(*claim, stop);
  crash_point("worker.checked");
  if (!report) {
    LEARNDOCK_CHECK(give_back(*claim, report.error(), stop.stop_requested()));
    return true;
  }
  const auto stored = jobs_.finish(*claim, verdict_of(*report, claim->package_digest));
  crash_point("worker.finished");
  if (!stored && stored.error().code != ErrorCode::lease_lost && stored.error().code != ErrorCode::conflict)
    return Failure(stored.error());
  log(stored ? LogLevel::info : LogLevel::warning,
      fmt::format("verification of learnware {}: {}", claim->id.text(),
                  stored ? std::string(catalog::outcome_name(report->outcome)) : describe(stored.error())));
  if (stored && options_.finished) options_.finished(*claim, *report);
  return true;
}

Result<Report> Worker::try_package(const catalog::Claim& claim, const std::stop_token& stop) {
  Heartbeat heartbeat(jobs_, claim, options_.lease, stop);
  LEARNDOCK_TRY(const Order order, options_.order_of(claim));
  Candidate candidate;
  candidate.name = claim.id.text();
  candidate.package = order.package;
  candidate.semantic = order.semantic ? &*order.semantic : nullptr;
  return checker_.check(
      candidate, [&](const char* check) { heartbeat.at(check); }, heartbeat.stop());
}

Result<void> Worker::give_back(const catalog::Claim& claim, const Error& error, bool stopped) {
  log(stopped ? LogLevel::info : LogLevel::warning,
      fmt::format("attempt {} at learnware {} ended without a verdict: {}", claim.attempt, claim.id.text(),
                  describe(error)));
  const auto given = jobs_.give_back(claim, stopped ? "the worker was stopped" : error.message, !stopped,
                                     stopped ? std::chrono::milliseconds(0) : options_.retry);
  if (given || given.error().code == ErrorCode::lease_lost) return {};
  return given;
}

}  // namespace learndock::verify
