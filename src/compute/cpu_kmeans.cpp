#include "compute/cpu_kmeans.hpp"

#include "compute/centre_kernels.hpp"
#include "compute/parallel.hpp"

#include <algorithm>

namespace learndock::compute {
namespace {

/// Rows labelled before they are added, while they are still in the cache.
constexpr std::size_t kLabelledRows = 256;
/// Rows of one task at least.
constexpr std::size_t kTaskRows = 4096;
constexpr std::size_t kMostTasks = 64;
/// Values of all partial sums of one job together: 2^24 doubles are 128 MiB.
constexpr std::size_t kMostPartialValues = std::size_t{1} << 24;

/// The rows of a job that one task adds, and what they add up to.
struct Task {
  std::size_t job, first, last;
  std::vector<double> sums;
  std::vector<std::uint64_t> counts;
};

std::vector<Task> tasks_of(std::span<const KmeansJob> jobs) {
  std::vector<Task> tasks;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::size_t n = jobs[j].data.rows();
    const std::size_t affordable = kMostPartialValues / std::max<std::size_t>(1, jobs[j].centres.size());
    const std::size_t parts =
        std::clamp<std::size_t>(n / kTaskRows, 1, std::clamp<std::size_t>(affordable, 1, kMostTasks));
    for (std::size_t part = 0; part < parts; ++part)
      tasks.push_back({j, n * part / parts, n * (part + 1) / parts, {}, {}});
  }
  return tasks;
}

void add_task(const KmeansJob& job, const CentreBlocks& centres, Task& task) {
  task.sums.assign(job.centres.size(), 0.0);
  task.counts.assign(job.centres.rows(), 0);
  std::vector<float> scratch;
  std::vector<std::uint32_t> labels(kLabelledRows);
  for (std::size_t first = task.first; first < task.last; first += kLabelledRows) {
    const auto rows = job.data.block(first, std::min(kLabelledRows, task.last - first));
    label_rows(centres, rows, scratch, labels);
    add_labelled_rows(rows, labels, task.sums.data());
    for (std::size_t x = 0; x < rows.rows(); ++x) ++task.counts[labels[x]];
  }
}

}  // namespace

void cpu_nearest_centres(MatrixView<const float> data, MatrixView<const float> centres,
                         std::span<std::uint32_t> labels, unsigned threads) {
  const CentreBlocks blocks(centres);
  run_tasks((data.rows() + kTaskRows - 1) / kTaskRows, threads, [&](std::size_t task) {
    const std::size_t first = task * kTaskRows, count = std::min(kTaskRows, data.rows() - first);
    std::vector<float> scratch;
    label_rows(blocks, data.block(first, count), scratch, labels.subspan(first, count));
  });
}

void cpu_kmeans_step(std::span<const KmeansJob> jobs, unsigned threads) {
  std::vector<Task> tasks = tasks_of(jobs);
  std::vector<CentreBlocks> centres;
  centres.reserve(jobs.size());
  for (const KmeansJob& job : jobs) centres.emplace_back(job.centres);
  run_tasks(tasks.size(), threads,
            [&](std::size_t t) { add_task(jobs[tasks[t].job], centres[tasks[t].job], tasks[t]); });
  for (const KmeansJob& job : jobs) {
    std::fill_n(job.sums.data(), job.sums.size(), 0.0);
    std::fill(job.counts.begin(), job.counts.end(), 0);
  }
  for (const Task& task : tasks) {
    const KmeansJob& job = jobs[task.job];
    for (std::size_t i = 0; i < task.sums.size(); ++i) job.sums.data()[i] += task.sums[i];
    for (std::size_t c = 0; c < task.counts.size(); ++c) job.counts[c] += task.counts[c];
  }
}

}  // namespace learndock::compute
