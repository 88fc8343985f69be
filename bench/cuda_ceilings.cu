// What this device can do at most: copy, fp32 multiply-adds, exponentials, byte products. One JSON object on
// standard output; benchmarks are read against it.
#include "cuda/portable.cuh"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kRounds = 4096, kChains = 8, kRepetitions = 7;

void require(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(status));
  std::exit(status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver ? 77 : 1);
}

__global__ void copy_kernel(const float4* __restrict__ from, float4* __restrict__ to, std::size_t count) {
  const std::size_t stride = static_cast<std::size_t>(gridDim.x) * kThreads;
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * kThreads + threadIdx.x; i < count; i += stride)
    to[i] = from[i];
}

__global__ void fma_kernel(float* out, float factor) {
  float chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = threadIdx.x + c;
  for (int round = 0; round < kRounds; ++round)
    for (int c = 0; c < kChains; ++c) chain[c] = fmaf(chain[c], factor, 1.0F);
  float sum = 0;
  for (int c = 0; c < kChains; ++c) sum += chain[c];
  if (sum == 0.123F) *out = sum;  // never: keeps the work from being left out
}

__global__ void exp_kernel(float* out, float factor) {
  float chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = -1.0F / (threadIdx.x + c + 1);
  for (int round = 0; round < kRounds; ++round)
    for (int c = 0; c < kChains; ++c) chain[c] = exp2f(chain[c] * factor);
  float sum = 0;
  for (int c = 0; c < kChains; ++c) sum += chain[c];
  if (sum == 0.123F) *out = sum;
}

__global__ void bytes_kernel(int* out, int factor) {
  int chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = static_cast<int>(threadIdx.x) + c;
  for (int round = 0; round < kRounds; ++round)
    for (int c = 0; c < kChains; ++c) chain[c] = __dp4a(chain[c], factor, chain[c]);
  int sum = 0;
  for (int c = 0; c < kChains; ++c) sum += chain[c];
  if (sum == 123456789) *out = sum;
}

/// Median seconds of a launch, after one that warms up.
template <class Launch>
double seconds(cudaStream_t stream, const Launch& launch) {
  cudaEvent_t begin, end;
  require(cudaEventCreate(&begin), "event");
  require(cudaEventCreate(&end), "event");
  std::vector<float> times;
  for (int repetition = 0; repetition <= kRepetitions; ++repetition) {
    require(cudaEventRecord(begin, stream), "event");
    launch();
    require(cudaGetLastError(), "launch");
    require(cudaEventRecord(end, stream), "event");
    require(cudaEventSynchronize(end), "wait");
    float milliseconds = 0;
    require(cudaEventElapsedTime(&milliseconds, begin, end), "event");
    if (repetition > 0) times.push_back(milliseconds);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2] / 1e3;
}

}  // namespace
}  // namespace learndock::cuda

int main() {
  using namespace learndock::cuda;
  cudaDeviceProp device{};
  require(cudaGetDeviceProperties(&device, 0), "device");
  cudaStream_t stream = nullptr;
  require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
  const std::size_t bytes = std::min<std::size_t>(device.totalGlobalMem / 4, std::size_t{4} << 30);
  void *from = nullptr, *to = nullptr;
  require(cudaMalloc(&from, bytes), "memory");
  require(cudaMalloc(&to, bytes), "memory");
  require(cudaMemsetAsync(from, 0, bytes, stream), "memory");
  const unsigned grid = static_cast<unsigned>(device.multiProcessorCount) * 8;
  const double lanes = static_cast<double>(grid) * kThreads;
  const double copy = seconds(stream, [&] {
    copy_kernel<<<grid, kThreads, 0, stream>>>(static_cast<const float4*>(from), static_cast<float4*>(to),
                                               bytes / 16);
  });
  auto* const out = static_cast<float*>(to);
  const double fma = seconds(stream, [&] { fma_kernel<<<grid, kThreads, 0, stream>>>(out, 0.5F); });
  const double exp = seconds(stream, [&] { exp_kernel<<<grid, kThreads, 0, stream>>>(out, 0.5F); });
  const double dp4a = seconds(
      stream, [&] { bytes_kernel<<<grid, kThreads, 0, stream>>>(static_cast<int*>(to), 0x01020304); });
  std::printf("{\"device\": \"%s\", \"compute_capability\": \"%d.%d\", \"processors\": %d,\n", device.name,
              device.major, device.minor, device.multiProcessorCount);
  std::printf(
      " \"copy_gb_per_s\": %.1f, \"fp32_gfma_per_s\": %.1f, \"gexp_per_s\": %.1f, \"dp4a_gmac_per_s\": "
      "%.1f}\n",
      2e-9 * static_cast<double>(bytes) / copy, 1e-9 * lanes * kRounds * kChains / fma,
      1e-9 * lanes * kRounds * kChains / exp, 4e-9 * lanes * kRounds * kChains / dp4a);
  return 0;
}
