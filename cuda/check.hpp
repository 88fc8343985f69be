#pragma once

#include "learndock/base/result.hpp"

#include <cuda_runtime.h>
#include <string_view>

namespace learndock::cuda {

/// True for errors after which the device's context is unusable for the life of the process: every later call
/// fails in the same way, so nothing but a new process helps.
[[nodiscard]] bool is_sticky(cudaError_t status);

/// device_memory for a failed allocation, unavailable for a sticky error, internal for the rest (a bug here).
[[nodiscard]] Error to_error(cudaError_t status, std::string_view doing);

/// Why no device can be opened, naming the missing part: driver, driver version, device. Empty when one can.
[[nodiscard]] std::string missing_part(int device);

}  // namespace learndock::cuda
