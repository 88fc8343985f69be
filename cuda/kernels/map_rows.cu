// Rows times a map in fp64, the second half of a projection.
//
// Math     out(i, j) = sum_s sums(i, s) map(j, s)
// Shapes   sums [rows, inner], map [columns, inner], out [rows, columns], all f64 row-major
// Geometry one block of 256 threads per 32 x 32 tile of out, 4 values a thread; slabs of 16 in shared memory
// (8.5 KiB) Traffic  each operand is read once per 32 rows or columns of the other, from L2 after the first
// time Work     2 * rows * columns * inner flop in fp64. For S=2048, D=256: 1 Mflop a set Numbers  fp64
// multiply-adds along s in ascending order: same bits run to run Limits   tiles < 2^31. fp64 is slow on
// devices made for graphics; that is accepted for exactness.
//
#include "../portable.cuh"
#include "projection.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kTile = 32, kSlab = 16, kMapThreads = 256;

__device__ void load_slab(const double* __restrict__ from, std::uint64_t first, std::uint64_t rows,
                          std::uint64_t inner, std::uint64_t slab, double (&to)[kTile][kSlab + 1]) {
  for (unsigned index = threadIdx.x; index < kTile * kSlab; index += kMapThreads) {
    const unsigned row = index / kSlab, col = index % kSlab;
    const bool inside = first + row < rows && slab + col < inner;
    to[row][col] = inside ? from[(first + row) * inner + slab + col] : 0.0;
  }
}

__global__ void __launch_bounds__(kMapThreads) map_rows_kernel(MapRows job, std::uint64_t column_tiles) {
  __shared__ double left[kTile][kSlab + 1], right[kTile][kSlab + 1];
  const std::uint64_t first_row = blockIdx.x / column_tiles * kTile;
  const std::uint64_t first_col = blockIdx.x % column_tiles * kTile;
  const unsigned y = threadIdx.x / 16, x = threadIdx.x % 16;
  double sum[2][2] = {};
  for (std::uint64_t slab = 0; slab < job.inner; slab += kSlab) {
    load_slab(job.sums, first_row, job.rows, job.inner, slab, left);
    load_slab(job.map, first_col, job.columns, job.inner, slab, right);
    __syncthreads();
    for (unsigned k = 0; k < kSlab; ++k)
      for (unsigned i = 0; i < 2; ++i)
        for (unsigned j = 0; j < 2; ++j) sum[i][j] += left[y + 16 * i][k] * right[x + 16 * j][k];
    __syncthreads();
  }
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned j = 0; j < 2; ++j) {
      const std::uint64_t row = first_row + y + 16 * i, col = first_col + x + 16 * j;
      if (row < job.rows && col < job.columns) job.out[row * job.columns + col] = sum[i][j];
    }
}

}  // namespace

cudaError_t launch_map_rows(const MapRows& job, cudaStream_t stream) {
  if (job.rows == 0 || job.columns == 0) return cudaSuccess;
  const std::uint64_t row_tiles = (job.rows + kTile - 1) / kTile;
  const std::uint64_t column_tiles = (job.columns + kTile - 1) / kTile;
  if (row_tiles > kMostBlocks / column_tiles) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(row_tiles * column_tiles);
  const MapRows copy = job;
  LEARNDOCK_LAUNCH(map_rows_kernel, grid, kMapThreads, 0, stream, copy, column_tiles);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
