#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"
#include "catalog/verification_jobs.hpp"
#include "verify/host.hpp"
#include "verify/worker.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace learndock::verify {

struct DockWorkersOptions {
  unsigned workers = 1;
  std::string name = "worker";  ///< for people; each gets a number behind it
  HostOptions host;
  /// Looks for near-copies; unset where the dock is not open for searching.
  std::function<Result<std::optional<NearCopy>>(const specification::RkmeSpecification&,
                                                const std::string& name)>
      nearest = {};
};

/// Workers of one dock's folder, each on a thread of its own. They need no lock of the folder: the queue
/// keeps workers of several processes apart.
class DockWorkers {
 public:
  /// @errors sandbox_missing (a required layer is not there), not_found, unsupported, corrupt, io
  [[nodiscard]] static Result<std::unique_ptr<DockWorkers>> start(const std::filesystem::path& dock,
                                                                  const DockWorkersOptions& options);
  /// Stops the workers; what they were trying goes back to the queue.
  ~DockWorkers();
  DockWorkers(const DockWorkers&) = delete;
  DockWorkers& operator=(const DockWorkers&) = delete;

  /// Tells them to stop, without waiting.
  void request_stop();

 private:
  DockWorkers(std::filesystem::path dock, const DockWorkersOptions& options);
  [[nodiscard]] Result<void> open();
  void begin(unsigned workers, const std::string& name);
  [[nodiscard]] Result<Order> order_of(const catalog::Claim& claim) const;

  const std::filesystem::path dock_;
  const Surroundings surroundings_;
  const Checker checker_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<catalog::VerificationJobs> jobs_;
  std::vector<std::jthread> threads_;  ///< last: they use all of the above
};

/// The reason why nothing foreign may run on this machine; empty when it may. @cost some 50 ms once
[[nodiscard]] Result<void> check_sandbox();

}  // namespace learndock::verify
