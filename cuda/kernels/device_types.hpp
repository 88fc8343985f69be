#pragma once
// What launchers take: plain structures that host and device code share.
#include <cstddef>
#include <cstdint>

namespace learndock::cuda {

inline constexpr std::uint32_t kRowsPerBlock = 32;

/// compute::PackedSetsView on the device, in the same layout.
struct DeviceSets {
  const float* points = nullptr;
  const float* weights = nullptr;
  const float* squared_norms = nullptr;
  const std::uint64_t* starts = nullptr;
  std::uint64_t count = 0;
  std::uint32_t dimension = 0;
};

/// (1 / scales) * sum over s of 2^(exponent * 4^s * squared distance); exponent = -gamma * log2(e).
struct DeviceKernel {
  float exponent = 0;
  std::uint32_t scales = 1;
};

}  // namespace learndock::cuda
