// Weighted kernel sums of packed rows against reduced sets: cross terms before they are added up by set.
//
// Math     values(q, r) = b_r sum_c b_c k(z_r, u_c) over the rows u of query q
// Shapes   rows and queries packed in blocks of 32 rows (compute/packed_sets.hpp), fp32; values f64
// Geometry a block of threads per (query, 256 rows), queries fastest so that rows stay in L2. A warp owns 8
//          columns and all 256 rows, 8 a lane: 64 accumulators in registers. As many warps as the widest
//          query has groups of 8 columns, 8 at most. Shared memory: slabs of 16 coordinates of rows and
//          columns (20 KiB), sums of the warps (16 KiB)
// Traffic  a row is read once for each 64 columns, 4(d + 1) bytes; writes 8 bytes a row and query
// Work     per row and column d fp32 multiply-adds, one exponential and some 10 instructions. Shared memory
//          serves 10 wavefronts for 64 multiply-adds of a warp, so that arithmetic is what limits
// Numbers  |x|^2 + |y|^2 - 2 x'y of centred rows, the products added up in turn, as cross_term_error allows.
//          Sums of 8 columns in fp32, then fp64 in a fixed order: same bits run to run
// Limits   queries * ceil(rows / 256) < 2^31. Measured: bench/results/README.md
#include "kernel_value.cuh"
#include "row_sums.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kLaneRows = 8, kTileRows = kLaneRows * kRowsPerBlock, kColumns = 8, kSlab = 16,
                   kMostWarps = 8;

/// Rows of a block of 32 lie beside each other for every coordinate: eight pieces of four.
constexpr unsigned kPieces = kRowsPerBlock / 4;

struct Slab {
  float4 rows[kSlab][kTileRows / 4];
  float4 columns[kMostWarps][kSlab][kColumns / 4];
};

/// Coordinates [k0, k0 + count) of a tile's blocks, by all warps.
__device__ __forceinline__ void load_rows(const DeviceSets& rows, std::uint64_t first_block, unsigned blocks,
                                          std::uint32_t k0, std::uint32_t count, Slab& slab) {
  const unsigned lane = threadIdx.x % kWarpSize;
  for (unsigned b = threadIdx.x / kWarpSize; b < blocks; b += blockDim.x / kWarpSize) {
    const float4* __restrict__ from = reinterpret_cast<const float4*>(
        rows.points + ((first_block + b) * rows.dimension + k0) * kRowsPerBlock);
    for (unsigned i = lane; i < count * kPieces; i += kWarpSize)
      slab.rows[i / kPieces][b * kPieces + i % kPieces] = from[i];
  }
}

/// The same of eight columns that begin at a multiple of eight, by the warp that owns them.
__device__ __forceinline__ void load_columns(const DeviceSets& columns, std::uint64_t first, std::uint32_t k0,
                                             std::uint32_t count, float4 (&to)[kSlab][kColumns / 4]) {
  const unsigned k = threadIdx.x % kWarpSize / 2, half = threadIdx.x % 2;
  if (k >= count) return;
  const std::uint64_t block = first / kRowsPerBlock;
  to[k][half] =
      *reinterpret_cast<const float4*>(columns.points + (block * columns.dimension + k0 + k) * kRowsPerBlock +
                                       first % kRowsPerBlock + half * 4);
}

/// products[i][j] += coordinates of row lane + 32 i times those of column j.
__device__ __forceinline__ void add_products(const Slab& slab, unsigned warp, std::uint32_t count,
                                             float (&products)[kLaneRows][kColumns]) {
  const unsigned lane = threadIdx.x % kWarpSize;
  LEARNDOCK_UNROLL(4)
  for (std::uint32_t k = 0; k < count; ++k) {
    const float* const row = reinterpret_cast<const float*>(slab.rows[k]) + lane;
    const float4 low = slab.columns[warp][k][0], high = slab.columns[warp][k][1];
    const float y[kColumns] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
    LEARNDOCK_UNROLL()
    for (unsigned i = 0; i < kLaneRows; ++i) {
      const float x = row[i * kRowsPerBlock];
      LEARNDOCK_UNROLL()
      for (unsigned j = 0; j < kColumns; ++j) products[i][j] = fmaf(x, y[j], products[i][j]);
    }
  }
}

/// Columns first .. + 8, of which those in [begin, end) are the query's.
__device__ __forceinline__ void add_values(const RowSums& job, unsigned blocks, std::uint64_t first_block,
                                           std::uint64_t first, std::uint64_t begin, std::uint64_t end,
                                           const float (&products)[kLaneRows][kColumns],
                                           double (&sums)[kLaneRows]) {
  const unsigned lane = threadIdx.x % kWarpSize;
  float norms[kColumns], weights[kColumns];
  LEARNDOCK_UNROLL()
  for (unsigned j = 0; j < kColumns; ++j) {
    const bool inside = first + j >= begin && first + j < end;
    norms[j] = job.columns.squared_norms[first + j];
    weights[j] = inside ? job.columns.weights[first + j] : 0.0F;
  }
  LEARNDOCK_UNROLL()
  for (unsigned i = 0; i < kLaneRows; ++i) {
    if (i >= blocks) break;  // the same for the whole warp
    const float norm = job.rows.squared_norms[(first_block + i) * kRowsPerBlock + lane];
    float part = 0;
    LEARNDOCK_UNROLL()
    for (unsigned j = 0; j < kColumns; ++j) {
      const float squared = fmaxf(norm + norms[j] - 2.0F * products[i][j], 0.0F);
      part = fmaf(weights[j], kernel_value(job.kernel, squared), part);
    }
    sums[i] += static_cast<double>(part);
  }
}

__global__ void __launch_bounds__(kMostWarps* kWarpSize, 2) row_sums_kernel(RowSums job) {
  __shared__ Slab slab;
  __shared__ double of_warps[kMostWarps][kTileRows];
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize,
                 warps = blockDim.x / kWarpSize;
  const std::uint64_t query = blockIdx.x % job.queries;
  const std::uint64_t first_block = job.first_block + blockIdx.x / job.queries * kLaneRows;
  const std::uint64_t left = (job.row_end + kRowsPerBlock - 1) / kRowsPerBlock - first_block;
  const auto blocks = static_cast<unsigned>(left < kLaneRows ? left : kLaneRows);
  const std::uint64_t begin = job.columns.starts[job.first_query + query];
  const std::uint64_t end = job.columns.starts[job.first_query + query + 1];
  const std::uint32_t dimension = job.rows.dimension;
  double sums[kLaneRows] = {};
  for (std::uint64_t base = begin / kColumns * kColumns; base < end; base += warps * kColumns) {
    const std::uint64_t own = base + warp * kColumns;
    const bool active = own < end;  // the same for the whole warp
    float products[kLaneRows][kColumns] = {};
    for (std::uint32_t k0 = 0; k0 < dimension; k0 += kSlab) {
      const std::uint32_t count = dimension - k0 < kSlab ? dimension - k0 : kSlab;
      __syncthreads();  // everyone has read the slab before
      load_rows(job.rows, first_block, blocks, k0, count, slab);
      if (active) load_columns(job.columns, own, k0, count, slab.columns[warp]);
      __syncthreads();
      if (active) add_products(slab, warp, count, products);
    }
    if (active) add_values(job, blocks, first_block, own, begin, end, products, sums);
  }
  for (unsigned i = 0; i < kLaneRows; ++i) of_warps[warp][i * kRowsPerBlock + lane] = sums[i];
  __syncthreads();
  for (unsigned r = threadIdx.x; r < blocks * kRowsPerBlock; r += blockDim.x) {
    const std::uint64_t row = first_block * kRowsPerBlock + r;
    if (row >= job.row_end) break;
    double sum = 0;
    for (unsigned w = 0; w < warps; ++w) sum += of_warps[w][r];
    job.values[query * job.stride + row - job.first_block * kRowsPerBlock] =
        sum * static_cast<double>(job.rows.weights[row]);
  }
}

}  // namespace

cudaError_t launch_row_sums(const RowSums& job, cudaStream_t stream) {
  const std::uint64_t rows = job.row_end - job.first_block * kRowsPerBlock,
                      tiles = (rows + kTileRows - 1) / kTileRows;
  if (tiles == 0 || job.queries == 0) return cudaSuccess;
  if (tiles > kMostBlocks / job.queries) return cudaErrorInvalidValue;
  // One group more where a query begins in the middle of one.
  const std::uint64_t groups = (job.widest + 2 * kColumns - 2) / kColumns;
  const unsigned warps = groups < kMostWarps ? static_cast<unsigned>(groups > 0 ? groups : 1) : kMostWarps;
  const auto grid = static_cast<unsigned>(tiles * job.queries);
  const RowSums copy = job;
  LEARNDOCK_LAUNCH(row_sums_kernel, grid, warps * kWarpSize, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
