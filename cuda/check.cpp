#include "check.hpp"

#include <fmt/format.h>

namespace learndock::cuda {
namespace {

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

}  // namespace

bool is_sticky(cudaError_t status) {
  switch (status) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorContextIsDestroyed:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorDevicesUnavailable:
    case cudaErrorUnknown:
      return true;
    default:
      return false;
  }
}

Error to_error(cudaError_t status, std::string_view doing) {
  const std::string message =
      fmt::format("{} failed: {} ({})", doing, cudaGetErrorString(status), cudaGetErrorName(status));
  if (is_sticky(status))
    return {ErrorCode::unavailable,
            "the CUDA device is lost for this process: " + message,
            {},
            "restart the process that uses the device; the CPU backend goes on working"};
  if (status == cudaErrorMemoryAllocation)
    return {ErrorCode::device_memory, message, {}, "hold fewer sets at a time, or use the CPU backend"};
  return {ErrorCode::internal, message};
}

std::string missing_part(int device) {
  int driver = 0, runtime = 0, count = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess) driver = 0;
  if (cudaRuntimeGetVersion(&runtime) != cudaSuccess) runtime = 0;
  if (driver == 0) return "no NVIDIA driver is installed (libcuda.so.1 was not found)";
  // The count may stay unwritten on failure, so it is read only after success.
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver)
    return fmt::format("the NVIDIA driver supports CUDA {}, this plug-in needs CUDA {}", version_text(driver),
                       version_text(runtime));
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0))
    return "the NVIDIA driver is installed, but no CUDA device is visible (see CUDA_VISIBLE_DEVICES)";
  if (status != cudaSuccess)
    return fmt::format("the devices cannot be listed: {} ({})", cudaGetErrorString(status),
                       cudaGetErrorName(status));
  if (device < 0 || device >= count)
    return fmt::format("device {} was asked for, but {} are visible", device, count);
  return {};
}

}  // namespace learndock::cuda
