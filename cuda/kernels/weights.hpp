#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// min 1/2 w'Hw - c'w on the simplex.
struct WeightTask {
  const double* gram = nullptr;    ///< [n, n]; the upper triangle is read
  const double* linear = nullptr;  ///< [n]
  std::uint32_t n = 0;
  double* work = nullptr;     ///< weight_work_size(n) doubles
  double* weights = nullptr;  ///< [n] out
  double* gap = nullptr;      ///< out: w'g - min g with g = Hw - c, the certificate; a NaN when it broke down
};
inline constexpr std::uint64_t kWeightVectors = 9;
[[nodiscard]] constexpr std::uint64_t weight_work_size(std::uint64_t n) { return n * n + kWeightVectors * n; }
[[nodiscard]] cudaError_t launch_weights(const WeightTask* tasks, std::uint64_t count, cudaStream_t stream);

}  // namespace learndock::cuda
