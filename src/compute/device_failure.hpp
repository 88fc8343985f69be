#pragma once

#include "learndock/compute/backend.hpp"

#include <mutex>
#include <string>
#include <utility>

namespace learndock::compute {

/// Whether the error says that the backend's device has no room or is lost. The processors of this machine
/// can then do the work.
[[nodiscard]] bool is_device_failure(const Backend& backend, const Error& error);

/// The warning that work is done on this machine's processors because a device failed: logged once, however
/// often the device fails. @threads safe
class DeviceWarning {
 public:
  /// @param work  what the processors do, for instance "the index is embedded"
  explicit DeviceWarning(std::string work) : work_(std::move(work)) {}
  void say(const Error& error);

 private:
  const std::string work_;
  std::once_flag said_;
};

}  // namespace learndock::compute
