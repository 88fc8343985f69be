// Sums over data rows in fp32: what each gradient step of RKME generation needs, for many data sets at once.
#include "compute/cpu/cpu_reduction.hpp"

#include "learndock/numeric/aligned_vector.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "compute/checks.hpp"
#include "compute/cpu/packed_kernels.hpp"
#include "compute/data_sums.hpp"

#include <algorithm>

namespace learndock::compute {
namespace {

/// Data rows whose kernel values against all points are held at once.
constexpr std::size_t kTileRows = 256;
/// Values of a tile at most, 8 MiB: each thread keeps two copies of one.
constexpr std::size_t kTileValues = std::size_t{1} << 21;
/// Data rows of one task at least; partial sums of tasks are added in order.
constexpr std::size_t kTaskRows = 1024;
constexpr std::size_t kMostTasks = 64;
/// Values of all partial sums of one job together: 2^24 doubles are 128 MiB.
constexpr std::size_t kMostPartialValues = std::size_t{1} << 24;

/// Multiply-adds, about half a millisecond's, that repay the start of another thread.
constexpr std::size_t kWorkOfThread = std::size_t{1} << 24;

unsigned threads_for(std::span<const ReductionJob> jobs, unsigned threads) {
  std::size_t work = 0;
  for (const ReductionJob& job : jobs) work += 2 * job.points.size() * job.data.rows();
  return static_cast<unsigned>(std::min<std::size_t>(threads, 1 + work / kWorkOfThread));
}

/// The part of a job that one task sums.
struct Task {
  std::size_t job, first, last;
};

std::vector<Task> tasks_of(std::span<const ReductionJob> jobs) {
  std::vector<Task> tasks;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::size_t n = jobs[j].data.rows();
    const std::size_t affordable = kMostPartialValues / std::max<std::size_t>(1, jobs[j].points.size());
    const std::size_t parts =
        std::clamp<std::size_t>(n / kTaskRows, 1, std::clamp<std::size_t>(affordable, 1, kMostTasks));
    for (std::size_t part = 0; part < parts; ++part)
      tasks.push_back({j, n * part / parts, n * (part + 1) / parts});
  }
  return tasks;
}

/// A tile of data rows, centred: row-major for the product, in blocks for the fused kernel.
struct DataTile {
  AlignedVector<float> rows, blocks, norms;

  /// False when a row is farther from the centre than `most`, squared, or no number.
  [[nodiscard]] bool fill(MatrixView<const float> data, const std::vector<double>& centre, double most) {
    const std::size_t d = data.cols(), count = (data.rows() + kBlockRows - 1) / kBlockRows;
    rows.resize(data.rows() * d);
    blocks.resize(count * d * kBlockRows);
    norms.resize(count * kBlockRows);
    if (data.rows() % kBlockRows != 0) {  // rows that fill up the last block
      std::fill(blocks.end() - static_cast<std::ptrdiff_t>(d * kBlockRows), blocks.end(), 0.0F);
      std::fill(norms.end() - static_cast<std::ptrdiff_t>(kBlockRows), norms.end(), 0.0F);
    }
    bool fit = true;
    for (std::size_t r = 0; r < data.rows(); ++r) {
      float* const block = blocks.data() + r / kBlockRows * d * kBlockRows + r % kBlockRows;
      double norm = 0;
      for (std::size_t k = 0; k < d; ++k) {
        const auto value = static_cast<float>(static_cast<double>(data(r, k)) - centre[k]);
        rows[r * d + k] = block[k * kBlockRows] = value;
        norm += static_cast<double>(value) * static_cast<double>(value);
      }
      norms[r] = static_cast<float>(norm);
      fit = fit && norm <= most;
    }
    return fit;
  }
};

/// What a job's tasks share.
struct Points {
  std::vector<double> centre;
  QueryPanel panel;

  explicit Points(const ReductionJob& job) {
    const std::size_t k = job.points.rows(), d = job.points.cols();
    centre = median_row(job.points);
    std::vector<float> rows(k * d);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = static_cast<float>(job.points.data()[i] - centre[i % d]);
    fill_panel(rows.data(), std::vector<float>(k, 1.0F).data(), k, d, job.kernel.gamma, panel);
  }
};

struct Partial {
  std::vector<double> kernel, slope, slope_point;
  bool fit = true;  ///< all rows were such as fp32 holds
};

/// Kernel values of a tile of data rows against all points: K x kTileRows.
struct TileValues {
  AlignedVector<float> kernel, slope, products;
};

void sum_task(const ReductionJob& job, const Points& points, const Task& task, Partial& partial) {
  const std::size_t k = job.points.rows(), d = job.points.cols();
  const bool with_points = job.out.slope_point.data() != nullptr, slopes = own_slopes(job.kernel, job.out);
  partial.kernel.assign(k, 0.0);
  partial.slope.assign(slopes ? k : 0, 0.0);
  partial.slope_point.assign(with_points ? k * d : 0, 0.0);
  thread_local DataTile tile;
  thread_local TileValues values;
  // Whole blocks, so that only the last tile has rows that fill one up.
  const std::size_t tile_rows = std::clamp(kTileValues / std::max<std::size_t>(d, 1) / kBlockRows,
                                           std::size_t{1}, kTileRows / kBlockRows) *
                                kBlockRows;
  values.kernel.resize(k * kTileRows);
  values.slope.resize(slopes ? k * kTileRows : 0);
  values.products.resize(k * d);
  const double most = largest_single_norm(job.kernel);
  const KernelValues target{values.kernel.data(), slopes ? values.slope.data() : nullptr, kTileRows};
  for (std::size_t first = task.first; first < task.last; first += tile_rows) {
    const std::size_t count = std::min(tile_rows, task.last - first);
    partial.fit = tile.fill(job.data.block(first, count), points.centre, most);
    if (!partial.fit) return;
    fused_kernel_values({tile.blocks.data(), tile.norms.data(), (count + kBlockRows - 1) / kBlockRows},
                        points.panel, job.kernel, target);
    add_row_totals(values.kernel.data(), k, kTileRows, count, partial.kernel.data());
    if (slopes) add_row_totals(values.slope.data(), k, kTileRows, count, partial.slope.data());
    if (!with_points) continue;
    multiply(slopes ? values.slope.data() : values.kernel.data(), kTileRows, k, tile.rows.data(), d, count,
             values.products.data());
    for (std::size_t i = 0; i < k * d; ++i) partial.slope_point[i] += static_cast<double>(values.products[i]);
  }
}

/// Adds to the sums of a job, its slope sums to `slopes`.
void add(const Partial& partial, const DataSums& sums, std::vector<double>& slopes) {
  const std::vector<double>& slope = partial.slope.empty() ? partial.kernel : partial.slope;
  for (std::size_t i = 0; i < partial.kernel.size(); ++i) sums.kernel[i] += partial.kernel[i];
  for (std::size_t i = 0; i < slope.size(); ++i) slopes[i] += slope[i];
  for (std::size_t i = 0; i < partial.slope_point.size(); ++i)
    sums.slope_point.data()[i] += partial.slope_point[i];
}

}  // namespace

Result<void> cpu_reduction_sums(std::span<const ReductionJob> jobs, unsigned threads) {
  const std::vector<Task> tasks = tasks_of(jobs);
  std::vector<Points> points;
  points.reserve(jobs.size());
  for (const ReductionJob& job : jobs) points.emplace_back(job);
  std::vector<Partial> partials(tasks.size());
  run_tasks(tasks.size(), threads_for(jobs, threads), [&](std::size_t t) {
    sum_task(jobs[tasks[t].job], points[tasks[t].job], tasks[t], partials[t]);
  });
  if (std::any_of(partials.begin(), partials.end(), [](const Partial& partial) { return !partial.fit; }))
    return beyond_single("a row of data");
  std::vector<std::vector<double>> slopes(jobs.size());
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    clear(jobs[j].out);
    slopes[j].assign(jobs[j].points.rows(), 0.0);
  }
  for (std::size_t t = 0; t < tasks.size(); ++t)
    add(partials[t], jobs[tasks[t].job].out, slopes[tasks[t].job]);
  // The tasks summed centred rows.
  for (std::size_t j = 0; j < jobs.size(); ++j) complete(slopes[j], points[j].centre, jobs[j].out);
  return {};
}

}  // namespace learndock::compute
