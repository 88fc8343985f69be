#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// out = sum_i sum_j a_i b_j k(x_i, y_j) in fp64 throughout.
struct WeightedPair {
  const double* points_a = nullptr;   ///< [count_a, dimension]
  const double* weights_a = nullptr;  ///< [count_a]
  const double* points_b = nullptr;
  const double* weights_b = nullptr;
  std::uint64_t count_a = 0, count_b = 0, dimension = 0;
  double gamma = 0;
  std::uint32_t scales = 1;
};
[[nodiscard]] cudaError_t launch_weighted_pairs(const WeightedPair* pairs, std::uint64_t count, double* out,
                                                cudaStream_t stream);

/// out[i * rows + j] = k(x_i, x_j) for i in [first, first + count).
struct GramRows {
  const double* points = nullptr;  ///< [rows, dimension]
  std::uint64_t rows = 0, dimension = 0, first = 0, count = 0;
  double gamma = 0;
  std::uint32_t scales = 1;
  double* out = nullptr;  ///< row first is at its beginning
};
[[nodiscard]] cudaError_t launch_gram_rows(const GramRows& job, cudaStream_t stream);

}  // namespace learndock::cuda
