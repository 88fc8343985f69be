#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// Points a block of threads sums for at once: one a warp.
inline constexpr std::uint32_t kPointsAtOnce = 8;

/// A chunk of one data set's rows against up to kPointsAtOnce points, both minus `centre`:
///   kernel[i]              = sum_x k(z_i, x)
///   slope[i]               = sum_x h(z_i, x), the kernel's slope; null: not wanted
///   slope_point[i * d + c] = sum_x h(z_i, x) x_c; null: not wanted
template <class Value>
struct ReductionTask {
  const float* data = nullptr;    ///< [rows, dimension] as it is
  const Value* points = nullptr;  ///< [points, dimension] minus the centre
  const float* centre = nullptr;  ///< [dimension]
  std::uint64_t rows = 0;
  std::uint32_t points_count = 0, dimension = 0;
  std::uint32_t scales = 1;
  Value gamma = 0;
  double* kernel = nullptr;
  double* slope = nullptr;
  double* slope_point = nullptr;
};
[[nodiscard]] cudaError_t launch_reduction_sums(const ReductionTask<float>* tasks, std::uint64_t count,
                                                cudaStream_t stream);
[[nodiscard]] cudaError_t launch_reduction_sums(const ReductionTask<double>* tasks, std::uint64_t count,
                                                cudaStream_t stream);

/// to[i] = sum over c < chunks of from[c * values + i], in order.
struct PartialSums {
  const double* from = nullptr;
  std::uint64_t chunks = 0, values = 0;
  double* to = nullptr;
};
[[nodiscard]] cudaError_t launch_partial_sums(const PartialSums* sums, std::uint64_t count,
                                              cudaStream_t stream);

}  // namespace learndock::cuda
