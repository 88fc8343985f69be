#include "kernels/reduction_sums.hpp"

#include "compute/data_sums.hpp"
#include "reduction_sums.hpp"

#include <algorithm>
#include <vector>

namespace learndock::cuda {
namespace {

using compute::ReductionJob;

/// Data rows of a chunk at least: partial sums of chunks are added in order.
constexpr std::uint64_t kChunkRows = 1024;
constexpr std::uint64_t kMostChunks = 64;
constexpr std::size_t kBorder = 256;

std::size_t aligned(std::size_t bytes) { return (bytes + kBorder - 1) / kBorder * kBorder; }

/// A job's points minus a centre that is exact in fp32, so that data rows lose the very same.
template <class Value>
struct CentredPoints {
  std::vector<float> centre;
  std::vector<Value> points;

  explicit CentredPoints(MatrixView<const double> from) : points(from.size()) {
    for (const double median : compute::median_row(from)) centre.push_back(static_cast<float>(median));
    for (std::size_t i = 0; i < from.rows(); ++i)
      for (std::size_t c = 0; c < from.cols(); ++c)
        points[i * from.cols() + c] = static_cast<Value>(from(i, c) - static_cast<double>(centre[c]));
  }
};

/// Rows [first, first + rows) of one job, in chunks: what one pass of the workspace takes.
struct Part {
  std::size_t job;
  std::uint64_t first, rows, chunks;
  double* sums = nullptr;  ///< device: kernel [K], slope [K] if it is another, slope_point [K, d] if wanted

  [[nodiscard]] std::uint64_t chunk_begin(std::uint64_t chunk) const { return rows * chunk / chunks; }
};

/// Where the sums of a part begin, in values.
struct Layout {
  std::uint64_t slope, slope_point, size;  ///< slope == 0: the kernel's sums are the slope's

  explicit Layout(const ReductionJob& job) {
    const std::uint64_t k = job.points.rows();
    const bool own = compute::own_slopes(job.kernel, job.out);
    slope = own ? k : 0;
    slope_point = own ? 2 * k : k;
    size = slope_point + (job.out.slope_point.data() == nullptr ? 0 : job.points.size());
  }
};

std::uint64_t values_of(const ReductionJob& job) { return Layout(job).size; }

/// Runs jobs in passes over the workspace: gathers parts until it is full, launches, adds what came back.
template <class Value>
class Reduction {
 public:
  Reduction(LaneLease& lease, std::span<const ReductionJob> jobs,
            const std::vector<CentredPoints<Value>>& points)
      : lease_(lease), jobs_(jobs), points_(points) {
    for (const ReductionJob& job : jobs) slopes_.emplace_back(job.points.rows(), 0.0);
  }

  Result<void> run() {
    for (std::size_t j = 0; j < jobs_.size(); ++j)
      for (std::uint64_t first = 0; first < jobs_[j].data.rows();) {
        std::uint64_t rows = fitting_rows(j, jobs_[j].data.rows() - first);
        if (rows == 0 && !parts_.empty()) {
          LEARNDOCK_CHECK(flush());
          rows = fitting_rows(j, jobs_[j].data.rows() - first);
        }
        if (rows == 0)
          return fail(ErrorCode::device_memory, "the device workspace is too small for one row of data", {},
                      "raise LEARNDOCK_CUDA_WORKSPACE_MIB or use the CPU backend");
        LEARNDOCK_CHECK(add_part(j, first, rows));
        first += rows;
      }
    return flush();
  }
  /// [K] sums of the slope for job j.
  [[nodiscard]] std::span<const double> slopes(std::size_t j) const { return slopes_[j]; }

 private:
  static std::uint64_t chunks_of(std::uint64_t rows) {
    return std::clamp<std::uint64_t>(rows / kChunkRows, 1, kMostChunks);
  }
  std::size_t bytes_for(std::size_t j, std::uint64_t rows) const {
    const ReductionJob& job = jobs_[j];
    const std::uint64_t d = job.points.cols(), chunks = chunks_of(rows);
    const std::uint64_t groups = (job.points.rows() + kPointsAtOnce - 1) / kPointsAtOnce;
    return aligned(rows * d * sizeof(float)) + aligned(job.points.size() * sizeof(Value)) +
           aligned(d * sizeof(float)) + aligned(chunks * values_of(job) * sizeof(double)) +
           aligned(values_of(job) * sizeof(double)) + chunks * groups * sizeof(ReductionTask<Value>) +
           sizeof(PartialSums) + 3 * kBorder;
  }
  /// The most rows that fit beside what is there, found by halving; the task lists count too.
  std::uint64_t fitting_rows(std::size_t j, std::uint64_t rows) const {
    const std::size_t listed =
        aligned(tasks_.size() * sizeof(ReductionTask<Value>)) + aligned(sums_.size() * sizeof(PartialSums));
    const std::size_t left = lease_.arena().left();
    const std::size_t room = left < listed ? 0 : left - listed;
    while (rows > 0 && bytes_for(j, rows) > room) rows /= 2;
    return rows;
  }

  Result<void> add_part(std::size_t j, std::uint64_t first, std::uint64_t rows) {
    const ReductionJob& job = jobs_[j];
    Part part{j, first, rows, chunks_of(rows)};
    const Layout layout(job);
    const std::uint64_t d = job.points.cols(), k = job.points.rows(), values = layout.size;
    LEARNDOCK_TRY(const float* data,
                  lease_.upload(std::span<const float>(job.data.row(first).data(), rows * d)));
    LEARNDOCK_TRY(const Value* points, lease_.upload(std::span<const Value>(points_[j].points)));
    LEARNDOCK_TRY(const float* centre, lease_.upload(std::span<const float>(points_[j].centre)));
    LEARNDOCK_TRY(double* const partial, lease_.arena().template take<double>(part.chunks * values));
    LEARNDOCK_TRY(part.sums, lease_.arena().template take<double>(values));
    for (std::uint64_t chunk = 0; chunk < part.chunks; ++chunk)
      for (std::uint64_t point = 0; point < k; point += kPointsAtOnce) {
        double* const sums = partial + chunk * values;
        const std::uint64_t begin = part.chunk_begin(chunk);
        tasks_.push_back(
            {data + begin * d, points + point * d, centre, part.chunk_begin(chunk + 1) - begin,
             static_cast<std::uint32_t>(std::min<std::uint64_t>(kPointsAtOnce, k - point)),
             static_cast<std::uint32_t>(d), job.kernel.scales, static_cast<Value>(job.kernel.gamma),
             sums + point, layout.slope == 0 ? nullptr : sums + layout.slope + point,
             layout.slope_point == layout.size ? nullptr : sums + layout.slope_point + point * d});
      }
    sums_.push_back({partial, part.chunks, values, part.sums});
    parts_.push_back(part);
    return {};
  }

  Result<void> flush() {
    if (parts_.empty()) return {};
    LEARNDOCK_TRY(const auto* tasks, lease_.upload(std::span<const ReductionTask<Value>>(tasks_)));
    LEARNDOCK_TRY(const auto* sums, lease_.upload(std::span<const PartialSums>(sums_)));
    LEARNDOCK_CHECK(lease_.launched(launch_reduction_sums(tasks, tasks_.size(), lease_.stream())));
    LEARNDOCK_CHECK(lease_.launched(launch_partial_sums(sums, sums_.size(), lease_.stream())));
    std::vector<std::vector<double>> results(parts_.size());
    Result<void> done = {};
    for (std::size_t p = 0; p < parts_.size() && done; ++p) {
      results[p].resize(values_of(jobs_[parts_[p].job]));
      done = lease_.download<double>(parts_[p].sums, results[p]);
    }
    // Waited for in any case: the copies write to `results`.
    const Result<void> waited = lease_.wait();
    LEARNDOCK_CHECK(done);
    LEARNDOCK_CHECK(waited);
    for (std::size_t p = 0; p < parts_.size(); ++p)
      add(results[p], jobs_[parts_[p].job], slopes_[parts_[p].job]);
    parts_.clear();
    tasks_.clear();
    sums_.clear();
    lease_.arena().rewind(0);
    return {};
  }

  static void add(const std::vector<double>& from, const ReductionJob& job, std::vector<double>& slopes) {
    const Layout layout(job);
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      job.out.kernel[i] += from[i];
      slopes[i] += from[layout.slope + i];
    }
    for (std::size_t i = layout.slope_point; i < layout.size; ++i)
      job.out.slope_point.data()[i - layout.slope_point] += from[i];
  }

  LaneLease& lease_;
  std::span<const ReductionJob> jobs_;
  const std::vector<CentredPoints<Value>>& points_;
  std::vector<std::vector<double>> slopes_;
  std::vector<Part> parts_;
  std::vector<ReductionTask<Value>> tasks_;
  std::vector<PartialSums> sums_;
};

}  // namespace

template <class Value>
Result<void> reduction_sums(const Context& context, std::span<const ReductionJob> jobs) {
  std::vector<CentredPoints<Value>> points;
  points.reserve(jobs.size());
  for (const ReductionJob& job : jobs) {
    points.emplace_back(job.points);
    compute::clear(job.out);
  }
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  Reduction<Value> reduction(lease, jobs, points);
  LEARNDOCK_CHECK(reduction.run());
  // The device summed centred rows.
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::vector<double> centre(points[j].centre.begin(), points[j].centre.end());
    compute::complete(reduction.slopes(j), centre, jobs[j].out);
  }
  return {};
}

template Result<void> reduction_sums<float>(const Context&, std::span<const ReductionJob>);
template Result<void> reduction_sums<double>(const Context&, std::span<const ReductionJob>);

}  // namespace learndock::cuda
