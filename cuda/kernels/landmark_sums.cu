// Kernel sums of reduced sets at landmarks, the first half of a projection.
//
// Math     sums(i, s) = sum_j b_j k(landmark_s, z_j) over the rows z of set i
// Shapes   landmarks and sets packed in blocks of 32 rows, fp32; sums [count, S] f64
// Geometry a warp per (set, 32 landmarks); 8 warps a block with neighbouring landmarks of one set
// Traffic  a set's rows once from memory, then from L2 for each 256 landmarks; landmarks from L2; writes 8 S
// bytes Work     m*S*(3d + 6) flop + m*S exp a set. For m=100, S=2048, d=64: 40 Mflop and 0.2 M exp Numbers
// as cross_terms.cu Limits   count * ceil(S / 256) < 2^31; the host works in parts. Speed on a device: not
// yet measured
#include "projection.hpp"
#include "set_sums.cuh"

namespace learndock::cuda {
namespace {

template <class Rows>
__global__ void __launch_bounds__(kSetThreads) landmark_sums_kernel(LandmarkSums job, std::uint64_t groups) {
  const std::uint64_t index = blockIdx.x / groups, set_idx = job.first + index;
  const std::uint64_t landmark = blockIdx.x % groups * kSetThreads + threadIdx.x;
  const std::uint64_t block = landmark / kRowsPerBlock;
  if (block * kRowsPerBlock >= job.landmark_count) return;  // the same for a whole warp
  const double sum = Rows::sums(job.landmarks, block, job.sets, job.sets.starts[set_idx],
                                job.sets.starts[set_idx + 1], job.kernel);
  if (landmark < job.landmark_count) job.sums[index * job.landmark_count + landmark] = sum;
}

}  // namespace

cudaError_t launch_landmark_sums(const LandmarkSums& job, RowMethod method, cudaStream_t stream) {
  const std::uint64_t groups = (job.landmark_count + kSetThreads - 1) / kSetThreads;
  if (job.count == 0 || groups == 0) return cudaSuccess;
  if (job.count > kMostBlocks / groups) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(job.count * groups);
  return with_rows(method, [&](auto rows) {
    auto* const kernel = &landmark_sums_kernel<decltype(rows)>;
    const LandmarkSums copy = job;
    LEARNDOCK_LAUNCH(kernel, grid, kSetThreads, 0, stream, copy, groups);
    return cudaGetLastError();
  });
}

}  // namespace learndock::cuda
