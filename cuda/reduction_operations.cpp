#include "reduction_operations.hpp"

#include "numeric/simplex_qp.hpp"

#include "kernels/nearest_centres.hpp"
#include "kernels/weights.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace learndock::cuda {
namespace {

/// What solve_simplex_qp accepts, relative to the largest entry.
constexpr double kAcceptedGap = 1e-6;
/// Programmes of one launch.
constexpr std::size_t kMostProgrammes = 4096;

Failure no_room(std::string_view what) {
  return fail(ErrorCode::device_memory, "the device workspace is too small for " + std::string(what), {},
              "raise LEARNDOCK_CUDA_WORKSPACE_MIB or use the CPU backend");
}

bool accepted(const compute::WeightJob& job) {
  double scale = 0;
  for (std::size_t i = 0; i < job.gram.size(); ++i) scale = std::max(scale, std::abs(job.gram.data()[i]));
  for (const double value : job.linear) scale = std::max(scale, std::abs(value));
  return job.kkt_residual <= kAcceptedGap * std::max(scale, 1e-300);  // false for a NaN
}

Result<void> solve_on_host(compute::WeightJob& job) {
  LEARNDOCK_TRY(const SimplexQpSolution solution, solve_simplex_qp(job.gram, job.linear));
  std::copy(solution.weights.begin(), solution.weights.end(), job.weights.begin());
  job.kkt_residual = solution.kkt_residual;
  return {};
}

/// Copies a programme in and appends its task; false when the workspace is full.
Result<bool> add_programme(LaneLease& lease, const compute::WeightJob& job, std::vector<WeightTask>& tasks) {
  const std::size_t n = job.linear.size(), mark = lease.arena().mark();
  const std::size_t bytes = (n * n + n + weight_work_size(n) + n + 1) * sizeof(double) + 5 * 256 +
                            (tasks.size() + 1) * sizeof(WeightTask) + 256;
  if (bytes > lease.arena().left()) {
    lease.arena().rewind(mark);
    return false;
  }
  WeightTask task;
  task.n = static_cast<std::uint32_t>(n);
  LEARNDOCK_TRY(task.gram, lease.upload(std::span<const double>(job.gram.data(), n * n)));
  LEARNDOCK_TRY(task.linear, lease.upload(job.linear));
  LEARNDOCK_TRY(task.work, lease.arena().take<double>(weight_work_size(n)));
  LEARNDOCK_TRY(task.weights, lease.arena().take<double>(n));
  LEARNDOCK_TRY(task.gap, lease.arena().take<double>(1));
  tasks.push_back(task);
  return true;
}

/// Solves jobs [first, first + returned) in one launch; 0 when the first does not fit.
Result<std::size_t> solve_batch(const Context& context, std::span<compute::WeightJob> jobs,
                                std::size_t first) {
  std::vector<WeightTask> tasks;
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  for (std::size_t j = first; j < jobs.size() && tasks.size() < kMostProgrammes; ++j) {
    LEARNDOCK_TRY(const bool added, add_programme(lease, jobs[j], tasks));
    if (!added) break;
  }
  if (tasks.empty()) return std::size_t{0};
  LEARNDOCK_TRY(const auto* device_tasks, lease.upload(std::span<const WeightTask>(tasks)));
  LEARNDOCK_CHECK(lease.launched(launch_weights(device_tasks, tasks.size(), lease.stream())));
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    LEARNDOCK_CHECK(lease.download<double>(tasks[t].weights, jobs[first + t].weights));
    LEARNDOCK_CHECK(lease.download<double>(tasks[t].gap, std::span(&jobs[first + t].kkt_residual, 1)));
  }
  LEARNDOCK_CHECK(lease.wait());
  return tasks.size();
}

}  // namespace

Result<void> nearest_centres(const Context& context, MatrixView<const float> data,
                             MatrixView<const float> centres, std::span<std::uint32_t> labels) {
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  LEARNDOCK_TRY(const float* device_centres,
                lease.upload(std::span<const float>(centres.data(), centres.size())));
  const std::size_t mark = lease.arena().mark(), each = (data.cols() + 1) * sizeof(float);
  const std::size_t left = lease.arena().left(), most = left < 512 ? 0 : (left - 512) / each;
  if (most == 0) return no_room("one row of data");
  for (std::size_t first = 0; first < data.rows(); first += most) {
    const std::size_t count = std::min(most, data.rows() - first);
    lease.arena().rewind(mark);
    LEARNDOCK_TRY(const float* rows, lease.upload(std::span<const float>(data.data() + first * data.cols(),
                                                                         count * data.cols())));
    LEARNDOCK_TRY(auto* const result, lease.arena().take<std::uint32_t>(count));
    const NearestCentres job{rows,
                             device_centres,
                             count,
                             static_cast<std::uint32_t>(centres.rows()),
                             static_cast<std::uint32_t>(data.cols()),
                             result};
    LEARNDOCK_CHECK(lease.launched(launch_nearest_centres(job, lease.stream())));
    LEARNDOCK_CHECK(lease.download(result, labels.subspan(first, count)));
  }
  return lease.wait();
}

// Labels come from the device, rows are added here: of the K * d multiply-adds a row the sums are one part in
// K, and doubles added in one order stay deterministic.
Result<void> kmeans_step(const Context& context, std::span<const compute::KmeansJob> jobs) {
  for (const compute::KmeansJob& job : jobs) {
    std::vector<std::uint32_t> labels(job.data.rows());
    LEARNDOCK_CHECK(nearest_centres(context, job.data, job.centres, labels));
    std::fill_n(job.sums.data(), job.sums.size(), 0.0);
    std::fill(job.counts.begin(), job.counts.end(), 0);
    for (std::size_t x = 0; x < labels.size(); ++x) {
      const auto row = job.data.row(x);
      const auto sum = job.sums.row(labels[x]);
      for (std::size_t k = 0; k < row.size(); ++k) sum[k] += static_cast<double>(row[k]);
      ++job.counts[labels[x]];
    }
  }
  return {};
}

Result<void> solve_weights(const Context& context, std::span<compute::WeightJob> jobs) {
  LEARNDOCK_CHECK(context.usable());
  for (std::size_t first = 0; first < jobs.size();) {
    if (jobs[first].linear.empty()) {
      ++first;
      continue;
    }
    LEARNDOCK_TRY(std::size_t done, solve_batch(context, jobs, first));
    if (done == 0) {
      LEARNDOCK_CHECK(solve_on_host(jobs[first]));
      done = 1;
    }
    for (std::size_t j = first; j < first + done; ++j)
      if (!jobs[j].linear.empty() && !accepted(jobs[j])) LEARNDOCK_CHECK(solve_on_host(jobs[j]));
    first += done;
  }
  return {};
}

}  // namespace learndock::cuda
