// The shim itself: barriers, warp operations and shared memory behave as on a device, and mistakes end the
// process.
#include "cuda/portable.cuh"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace learndock::cuda {
namespace {

template <class Body>
void run(unsigned grid, unsigned block, std::size_t shared_bytes, const Body& body) {
  shim::run_grid(dim3(grid), dim3(block), shared_bytes, body);
}

TEST(Shim, BarriersOrderWritesBeforeReads) {
  std::vector<unsigned> out(3 * 128);
  run(3, 128, 0, [&] {
    __shared__ unsigned values[128];
    values[threadIdx.x] = threadIdx.x + 1000 * blockIdx.x;
    __syncthreads();
    out[blockIdx.x * 128 + threadIdx.x] = values[127 - threadIdx.x];
  });
  for (unsigned i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], 127 - i % 128 + 1000 * (i / 128));
}

TEST(Shim, WarpOperations) {
  std::vector<int> sums(64);
  std::vector<unsigned> ballots(64), shifted(64);
  run(1, 64, 0, [&] {
    const int lane = static_cast<int>(threadIdx.x % 32);
    sums[threadIdx.x] = warp_sum(lane);
    ballots[threadIdx.x] = __ballot_sync(kFullWarp, lane % 3 == 0);
    shifted[threadIdx.x] = __shfl_up_sync(kFullWarp, threadIdx.x, 4);
  });
  for (unsigned i = 0; i < 64; ++i) {
    EXPECT_EQ(sums[i], 496);
    EXPECT_EQ(ballots[i], 0x49249249U);
    EXPECT_EQ(shifted[i], i % 32 < 4 ? i : i - 4);
  }
}

TEST(Shim, DynamicSharedMemoryBeginsAsNotANumber) {
  std::vector<float> seen(32);
  run(2, 32, 32 * sizeof(float), [&] {
    LEARNDOCK_DYNAMIC_SHARED(float, memory);
    seen[threadIdx.x] = memory[threadIdx.x];
    memory[threadIdx.x] = 1;
  });
  for (const float value : seen)
    EXPECT_TRUE(std::isnan(value)) << "the second block saw the first one's memory";
}

TEST(Shim, Dp4aIsSigned) {
  EXPECT_EQ(__dp4a(static_cast<int>(0x80ff017fU), static_cast<int>(0x7f02ff80U), 5),
            5 - 128 * 127 - 1 * 2 - 1 * 1 - 127 * 128);
}

TEST(ShimDeathTest, ABarrierThatNotAllReachEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run(1, 64, 0,
                   [] {
                     if (threadIdx.x < 32) __syncthreads();
                   }),
               "barrier");
  EXPECT_DEATH(run(1, 32, 0,
                   [] {
                     if (threadIdx.x < 16)
                       __syncthreads();
                     else
                       static_cast<void>(__ballot_sync(kFullWarp, 1));
                   }),
               "wait for each other");
}

}  // namespace
}  // namespace learndock::cuda
