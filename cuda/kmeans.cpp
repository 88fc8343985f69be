#include "kmeans.hpp"

#include "kernels/nearest_centres.hpp"

#include <algorithm>
#include <vector>

namespace learndock::cuda {
namespace {

Failure no_room(std::string_view what) {
  return fail(ErrorCode::device_memory, "the device workspace is too small for " + std::string(what), {},
              "raise LEARNDOCK_CUDA_WORKSPACE_MIB or use the CPU backend");
}

/// labels[x] = index of the nearest centre, the lowest among equals.
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

}  // namespace

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

}  // namespace learndock::cuda
