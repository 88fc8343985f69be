// Many small quadratic programmes on the simplex: the weight step of RKME generation.
//
// Math     min 1/2 w'Hw - c'w, w >= 0, sum w = 1, by Mehrotra's interior point with one common step length
// Shapes   H [n, n] and c [n] f64; weights [n]
// Geometry one block of 128 threads per programme; matrix and vectors in its own workspace (L2), reductions
// in shared Traffic  n*n*8 bytes read and written n / 2 times by the factorisation, within L1 and L2 Work
// about 20 factorisations of n^3 / 3 flop, fp64. For n=100: 7 Mflop Numbers  fp64 on the problem divided by
// its largest entry; every sum in a fixed order: same bits run to run. The
//          certificate is computed from H and c as they came; the host checks it and solves again what misses
//          it
// Limits   programmes < 2^31; any n that fits the workspace.
#include "../portable.cuh"
#include "weights.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = 128, kWarps = kThreads / kWarpSize;
constexpr unsigned kMostIterations = 60;
constexpr double kComplementarity = 1e-14, kDualResidual = 1e-12;

/// Combines every thread's value in a fixed order; all get the result. Begins and ends with a barrier.
template <class Combine>
__device__ double block_reduce(double value, const Combine& combine) {
  __shared__ double warp_values[kWarps];
  for (unsigned distance = kWarpSize / 2; distance > 0; distance /= 2)
    value = combine(value, __shfl_xor_sync(kFullWarp, value, distance));
  __syncthreads();
  if (threadIdx.x % kWarpSize == 0) warp_values[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  double total = warp_values[0];
  for (unsigned warp = 1; warp < kWarps; ++warp) total = combine(total, warp_values[warp]);
  __syncthreads();
  return total;
}

/// reduce over i < n of value(i), where each thread owns the indices threadIdx.x + j * kThreads.
template <class Value>
__device__ double sum_over(std::uint32_t n, const Value& value) {
  double sum = 0;
  for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) sum += value(i);
  return block_reduce(sum, [](double a, double b) { return a + b; });
}
template <class Value>
__device__ double min_over(std::uint32_t n, const Value& value) {
  double least = INFINITY;
  for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) least = fmin(least, value(i));
  return block_reduce(least, [](double a, double b) { return fmin(a, b); });
}

struct Programme {
  WeightTask task;
  double scale;
  double *factor, *w, *s, *g, *ones, *dw, *ds, *right, *affine_w, *affine_s;

  __device__ explicit Programme(const WeightTask& t) : task(t), scale(1) {
    double** const vectors[] = {&w, &s, &g, &ones, &dw, &ds, &right, &affine_w, &affine_s};
    factor = t.work;
    double* next = t.work + static_cast<std::uint64_t>(t.n) * t.n;
    for (double** vector : vectors) {
      *vector = next;
      next += t.n;
    }
    const double largest = -min_over(t.n, [&](std::uint32_t i) {
      double most = fabs(t.linear[i]);
      for (std::uint32_t j = i; j < t.n; ++j) most = fmax(most, fabs(entry(i, j)));
      return -most;
    });
    if (largest > 0) scale = largest;
  }

  __device__ double entry(std::uint32_t i, std::uint32_t j) const {
    const std::uint32_t row = i < j ? i : j, col = i < j ? j : i;
    return task.gram[static_cast<std::uint64_t>(row) * task.n + col];
  }
  /// g = (Hw - c) / scale.
  __device__ void gradient() const {
    for (std::uint32_t i = threadIdx.x; i < task.n; i += kThreads) {
      double sum = 0;
      for (std::uint32_t j = 0; j < task.n; ++j) sum += entry(i, j) * w[j];
      g[i] = (sum - task.linear[i]) / scale;
    }
    __syncthreads();
  }
  /// factor = Cholesky factor of H / scale + diag(s / w), lower triangle. A pivot that rounding made too
  /// small is raised, which is a ridge on that row.
  __device__ void factorise() const {
    const std::uint64_t n = task.n;
    for (std::uint64_t at = threadIdx.x; at < n * n; at += kThreads) {
      const auto i = static_cast<std::uint32_t>(at / n), j = static_cast<std::uint32_t>(at % n);
      if (j <= i) factor[at] = entry(i, j) / scale + (i == j ? s[i] / w[i] : 0.0);
    }
    __syncthreads();
    for (std::uint64_t col = 0; col < n; ++col) {
      const double pivot = sqrt(fmax(factor[col * n + col], 1e-15));
      __syncthreads();
      for (std::uint64_t i = col + threadIdx.x; i < n; i += kThreads)
        factor[i * n + col] = i == col ? pivot : factor[i * n + col] / pivot;
      __syncthreads();
      const std::uint64_t left = n - col - 1;
      for (std::uint64_t at = threadIdx.x; at < left * left; at += kThreads) {
        const std::uint64_t i = col + 1 + at / left, j = col + 1 + at % left;
        if (j <= i) factor[i * n + j] -= factor[i * n + col] * factor[j * n + col];
      }
      __syncthreads();
    }
  }
  /// x = (factor factor')^-1 x.
  __device__ void solve(double* x) const {
    const std::uint64_t n = task.n;
    for (std::uint64_t col = 0; col < n; ++col) {
      const double value = x[col] / factor[col * n + col];
      __syncthreads();
      for (std::uint64_t i = col + threadIdx.x; i < n; i += kThreads)
        x[i] = i == col ? value : x[i] - factor[i * n + col] * value;
      __syncthreads();
    }
    for (std::uint64_t col = n; col-- > 0;) {
      const double value = x[col] / factor[col * n + col];
      __syncthreads();
      for (std::uint64_t i = threadIdx.x; i <= col; i += kThreads)
        x[i] = i == col ? value : x[i] - factor[col * n + i] * value;
      __syncthreads();
    }
  }
  /// Newton's direction for the complementarity `target(i)`: to_w, to_s; returns the multiplier's.
  template <class Target>
  __device__ double direction(double y, double primal, double ones_sum, const Target& target, double* to_w,
                              double* to_s) const {
    const std::uint32_t n = task.n;
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads)
      right[i] = -(g[i] - y - s[i]) - target(i) / w[i];
    __syncthreads();
    solve(right);
    const double dy = (-primal - sum_over(n, [&](std::uint32_t i) { return right[i]; })) / ones_sum;
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) {
      const double wanted = target(i), move = right[i] + dy * ones[i];
      to_s[i] = -(wanted + s[i] * move) / w[i];
      to_w[i] = move;
    }
    __syncthreads();
    return dy;
  }
  __device__ double longest_step(const double* value, const double* move) const {
    return min_over(task.n,
                    [&](std::uint32_t i) { return move[i] < 0 ? fmin(1.0, -value[i] / move[i]) : 1.0; });
  }

  __device__ void run() const {
    const std::uint32_t n = task.n;
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) w[i] = 1.0 / n;
    __syncthreads();
    gradient();
    double y = min_over(n, [&](std::uint32_t i) { return g[i]; }) - 1;
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) s[i] = g[i] - y;
    __syncthreads();
    for (unsigned iteration = 0; iteration < kMostIterations; ++iteration) {
      gradient();
      const double mu = sum_over(n, [&](std::uint32_t i) { return w[i] * s[i]; }) / n;
      const double dual = -min_over(n, [&](std::uint32_t i) { return -fabs(g[i] - y - s[i]); });
      const double primal = sum_over(n, [&](std::uint32_t i) { return w[i]; }) - 1;
      if (mu < kComplementarity && dual < kDualResidual) return;
      if (!step(y, mu, primal)) return;
    }
  }
  /// One predictor-corrector step; false when it broke down.
  __device__ bool step(double& y, double mu, double primal) const {
    const std::uint32_t n = task.n;
    factorise();
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) ones[i] = 1;
    __syncthreads();
    solve(ones);
    const double ones_sum = sum_over(n, [&](std::uint32_t i) { return ones[i]; });
    direction(
        y, primal, ones_sum, [&](std::uint32_t i) { return w[i] * s[i]; }, affine_w, affine_s);
    const double step_w = longest_step(w, affine_w), step_s = longest_step(s, affine_s);
    const double affine_mu = sum_over(n,
                                      [&](std::uint32_t i) {
                                        return (w[i] + step_w * affine_w[i]) * (s[i] + step_s * affine_s[i]);
                                      }) /
                             n;
    const double ratio = affine_mu / mu, centred = ratio * ratio * ratio * mu;
    const double dy = direction(
        y, primal, ones_sum,
        [&](std::uint32_t i) { return w[i] * s[i] + affine_w[i] * affine_s[i] - centred; }, dw, ds);
    const double length = fmin(1.0, 0.995 * fmin(longest_step(w, dw), longest_step(s, ds)));
    const double total = sum_over(n, [&](std::uint32_t i) { return dw[i] + ds[i]; });
    constexpr double kLargest = 1e300;  // no comparison lets a NaN through
    if (!(fabs(total) < kLargest) || !(fabs(dy) < kLargest)) return false;
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads) {
      w[i] += length * dw[i];
      s[i] += length * ds[i];
    }
    y += length * dy;
    __syncthreads();
    return true;
  }
  /// Puts w on the simplex and writes it with its certificate.
  __device__ void finish() const {
    const std::uint32_t n = task.n;
    const double total = sum_over(n, [&](std::uint32_t i) { return fmax(w[i], 0.0); });
    for (std::uint32_t i = threadIdx.x; i < n; i += kThreads)
      task.weights[i] = w[i] = fmax(w[i], 0.0) / total;
    __syncthreads();
    gradient();
    const double mean = sum_over(n, [&](std::uint32_t i) { return w[i] * g[i]; });
    const double least = min_over(n, [&](std::uint32_t i) { return g[i]; });
    if (threadIdx.x == 0) *task.gap = (mean - least) * scale;
  }
};

__global__ void __launch_bounds__(kThreads) weights_kernel(const WeightTask* tasks) {
  const Programme programme(tasks[blockIdx.x]);
  programme.run();
  programme.finish();
}

}  // namespace

cudaError_t launch_weights(const WeightTask* tasks, std::uint64_t count, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  if (count >> 31 != 0) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(count);
  LEARNDOCK_LAUNCH(weights_kernel, grid, kThreads, 0, stream, tasks);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
