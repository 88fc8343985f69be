#pragma once

#include "../portable.cuh"
#include "device_types.hpp"
#include "over_scales.cuh"

namespace learndock::cuda {

__device__ __forceinline__ float kernel_value(const DeviceKernel& kernel, float squared) {
  return over_scales(exp2f(kernel.exponent * squared), kernel.scales).kernel;
}

}  // namespace learndock::cuda
