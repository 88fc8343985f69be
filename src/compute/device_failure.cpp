#include "compute/device_failure.hpp"

#include "base/log.hpp"

namespace learndock::compute {

bool is_device_failure(const Backend& backend, const Error& error) {
  return backend.on_device() &&
         (error.code == ErrorCode::device_memory || error.code == ErrorCode::unavailable);
}

void DeviceWarning::say(const Error& error) {
  std::call_once(said_, [&] { log(LogLevel::warning, work_ + " on the CPU: " + describe(error)); });
}

}  // namespace learndock::compute
