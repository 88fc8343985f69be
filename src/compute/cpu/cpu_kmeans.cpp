#include "compute/cpu/cpu_kmeans.hpp"

#include "base/parallel.hpp"
#include "compute/cpu/centre_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace learndock::compute {
namespace {

/// Rows labelled before they are added, while they are still in the cache.
constexpr std::size_t kLabelledRows = 256;
/// Rows of one task at least.
constexpr std::size_t kTaskRows = 4096;
constexpr std::size_t kMostTasks = 64;
/// Values of all partial sums of one job together: 2^24 doubles are 128 MiB.
constexpr std::size_t kMostPartialValues = std::size_t{1} << 24;

/// What the tasks of a job share.
struct Round {
  CentreBlocks centres;
  bool first;                 ///< nothing is known of the rows
  std::vector<float> shrink;  ///< [K] what a row of each centre loses of its gap

  explicit Round(const KmeansJob& job)
      : centres(job.centres), first(job.rows.empty() || job.previous.size() == 0) {
    if (!first) shrink = shrinkage(job);
  }

  /// The centre's own move, and the largest of all others: these may have come nearer by so much.
  static std::vector<float> shrinkage(const KmeansJob& job) {
    std::vector<double> moves;
    for (std::size_t c = 0; c < job.centres.rows(); ++c) {
      double square = 0;
      for (std::size_t k = 0; k < job.centres.cols(); ++k) {
        const double step = static_cast<double>(job.centres(c, k)) - static_cast<double>(job.previous(c, k));
        square += step * step;
      }
      moves.push_back(std::sqrt(square) * (1 + 1e-6));  // rounded up by more than fp32 takes off
    }
    std::vector<double> sorted = moves;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    std::vector<float> shrink;
    for (const double move : moves)
      shrink.push_back(
          static_cast<float>(move + (move == sorted[0] && sorted.size() > 1 ? sorted[1] : sorted[0])));
    return shrink;
  }
};

/// The rows of a job that one task adds, and what they add up to; after the first round, what they add to it.
struct Task {
  std::size_t job, first, last;
  std::vector<double> sums;
  std::vector<std::int64_t> counts;
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

/// Rows whose nearest centre may be another than before; gaps of the others shrink.
void list_rows(const Round& round, std::span<KmeansRow> rows, std::vector<std::uint32_t>& list) {
  list.clear();
  for (std::size_t x = 0; x < rows.size(); ++x) {
    // What the subtraction rounds away is within the 1e-6 of the moves, or the gap is far larger.
    if (!round.first) rows[x].gap = rows[x].gap * (1 - 0x1p-22F) - round.shrink[rows[x].label];
    if (round.first || !(rows[x].gap > 0)) list.push_back(static_cast<std::uint32_t>(x));
  }
}

void add_task(const KmeansJob& job, const Round& round, Task& task) {
  const std::size_t d = job.data.cols();
  task.sums.assign(job.centres.size(), 0.0);
  task.counts.assign(job.centres.rows(), 0);
  CentreScratch scratch;
  std::vector<KmeansRow> unremembered(job.rows.empty() ? kLabelledRows : 0), found(kLabelledRows);
  std::vector<std::uint32_t> list;
  for (std::size_t first = task.first; first < task.last; first += kLabelledRows) {
    const auto data = job.data.block(first, std::min(kLabelledRows, task.last - first));
    const std::span<KmeansRow> rows =
        job.rows.empty() ? std::span(unremembered).first(data.rows()) : job.rows.subspan(first, data.rows());
    list_rows(round, rows, list);
    label_rows(round.centres, data, list, scratch, found);
    for (std::size_t i = 0; i < list.size(); ++i) {
      KmeansRow& row = rows[list[i]];
      const std::uint32_t before = row.label, now = found[i].label;
      row = found[i];
      if (!round.first && before == now) continue;
      add_row(data.row(list[i]), 1, task.sums.data() + now * d);
      ++task.counts[now];
      if (round.first) continue;
      add_row(data.row(list[i]), -1, task.sums.data() + before * d);
      --task.counts[before];
    }
  }
}

}  // namespace

void cpu_kmeans_step(std::span<const KmeansJob> jobs, unsigned threads) {
  std::vector<Task> tasks = tasks_of(jobs);
  std::vector<Round> rounds;
  rounds.reserve(jobs.size());
  for (const KmeansJob& job : jobs) rounds.emplace_back(job);
  run_tasks(tasks.size(), threads,
            [&](std::size_t t) { add_task(jobs[tasks[t].job], rounds[tasks[t].job], tasks[t]); });
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    if (!rounds[j].first) continue;
    std::fill_n(jobs[j].sums.data(), jobs[j].sums.size(), 0.0);
    std::fill(jobs[j].counts.begin(), jobs[j].counts.end(), 0);
  }
  for (const Task& task : tasks) {
    const KmeansJob& job = jobs[task.job];
    for (std::size_t i = 0; i < task.sums.size(); ++i) job.sums.data()[i] += task.sums[i];
    for (std::size_t c = 0; c < task.counts.size(); ++c)
      job.counts[c] = static_cast<std::uint64_t>(static_cast<std::int64_t>(job.counts[c]) + task.counts[c]);
  }
}

}  // namespace learndock::compute
