#pragma once

#include "learndock/base/result.hpp"
#include "learndock/specification/semantic.hpp"

#include "catalog/verification_jobs.hpp"
#include "verify/checker.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace learndock::verify {

/// What a worker is asked to try.
struct Order {
  std::filesystem::path package;
  std::optional<specification::SemanticSpecification> semantic;  ///< the dock's; none: the package's own
};

struct WorkerOptions {
  std::string name = "worker";                                   ///< for people
  std::chrono::milliseconds lease = std::chrono::seconds(30);    ///< renewed every third of it
  std::chrono::milliseconds idle = std::chrono::seconds(1);      ///< between looks at an empty queue
  std::chrono::milliseconds retry = std::chrono::seconds(30);    ///< before the next attempt at a job
  std::function<Result<Order>(const catalog::Claim&)> order_of;  ///< where the package is
  std::function<void(const catalog::Claim&, const Report&)> finished = {};  ///< called after a stored verdict
};

/// Tries packages of one queue, one after another.
class Worker {
 public:
  /// Both outlive the worker. Several workers may share them; each check is made by one.
  Worker(catalog::VerificationJobs& jobs, const Checker& checker, WorkerOptions options);

  /// Works until it is told to stop. A job that is under way then goes back to the queue, without a used
  /// attempt. @errors of the queue: corrupt, io, ...; errors of one job are in its note and in the log
  [[nodiscard]] Result<void> run(const std::stop_token& stop);
  /// Runs the next job. @return whether there was one
  [[nodiscard]] Result<bool> run_one(const std::stop_token& stop);

 private:
  [[nodiscard]] Result<Report> try_package(const catalog::Claim& claim, const std::stop_token& stop);
  [[nodiscard]] Result<void> give_back(const catalog::Claim& claim, const Error& error, bool stopped);

  catalog::VerificationJobs& jobs_;
  const Checker& checker_;
  const WorkerOptions options_;
};

}  // namespace learndock::verify
