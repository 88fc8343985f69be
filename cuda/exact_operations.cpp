#include "exact_operations.hpp"

#include "compute/direct_kernels.hpp"
#include "kernels/exact_products.hpp"
#include "kernels/projection.hpp"

#include <algorithm>
#include <vector>

namespace learndock::cuda {
namespace {

using compute::ReducedSetView;

constexpr std::size_t kBorder = 256;
static_assert(kSummed == compute::kSummedRows, "every backend keeps compute::direct_error");

struct DeviceSet {
  const double* points;
  const double* weights;
};

std::size_t bytes_of(const ReducedSetView& set) {
  return set.count * (set.dimension + 1) * sizeof(double) + 2 * kBorder;
}

Result<DeviceSet> upload_set(LaneLease& lease, const ReducedSetView& set) {
  DeviceSet device{};
  LEARNDOCK_TRY(device.points, lease.upload(std::span<const double>(set.points, set.count * set.dimension)));
  LEARNDOCK_TRY(device.weights, lease.upload(std::span<const double>(set.weights, set.count)));
  return device;
}

WeightedPair pair_of(const ReducedSetView& set, const DeviceSet& a, const DeviceSet& b, std::size_t count_b) {
  return {a.points, a.weights,     b.points,         b.weights,        set.count,
          count_b,  set.dimension, set.kernel.gamma, set.kernel.scales};
}

/// out[i] = <set i, query>, or <set i, set i> without a query; sets in parts that fit the workspace.
Result<void> products(const Context& context, const ReducedSetView* query,
                      std::span<const ReducedSetView> sets, std::span<double> out) {
  std::vector<WeightedPair> pairs;
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  DeviceSet device_query{};
  if (query != nullptr) {
    LEARNDOCK_TRY(device_query, upload_set(lease, *query));
  }
  const std::size_t mark = lease.arena().mark();
  for (std::size_t first = 0; first < sets.size(); first += pairs.size()) {
    lease.arena().rewind(mark);
    // Waited for: the list of pairs that the last part's copy reads is about to change.
    LEARNDOCK_CHECK(lease.wait());
    pairs.clear();
    for (std::size_t i = first; i < sets.size(); ++i) {
      const std::size_t lists = (pairs.size() + 1) * (sizeof(WeightedPair) + sizeof(double)) + 2 * kBorder;
      // The first of a part is tried in any case, for its error to say what was needed.
      if (!pairs.empty() && bytes_of(sets[i]) + lists > lease.arena().left()) break;
      LEARNDOCK_TRY(const DeviceSet set, upload_set(lease, sets[i]));
      pairs.push_back(query == nullptr ? pair_of(sets[i], set, set, sets[i].count)
                                       : pair_of(sets[i], set, device_query, query->count));
    }
    LEARNDOCK_TRY(const auto* device_pairs, lease.upload(std::span<const WeightedPair>(pairs)));
    LEARNDOCK_TRY(double* const result, lease.arena().take<double>(pairs.size()));
    LEARNDOCK_CHECK(
        lease.launched(launch_weighted_pairs(device_pairs, pairs.size(), result, lease.stream())));
    LEARNDOCK_CHECK(lease.download(result, out.subspan(first, pairs.size())));
  }
  return lease.wait();
}

/// The most sets that are projected by one launch.
constexpr std::size_t kMostProjected = std::size_t{1} << 16;

/// Sets one after the other, as the kernel reads them.
struct JoinedSets {
  std::vector<double> points, weights;
  std::vector<std::uint64_t> starts;

  void assign(std::span<const ReducedSetView> sets) {
    points.clear();
    weights.clear();
    starts.assign(1, 0);
    for (const ReducedSetView& set : sets) {
      points.insert(points.end(), set.points, set.points + set.count * set.dimension);
      weights.insert(weights.end(), set.weights, set.weights + set.count);
      starts.push_back(weights.size());
    }
  }
};

/// The number of sets that fit into the workspace together with `values` results each; at least one.
std::size_t sets_that_fit(const Arena& arena, std::span<const ReducedSetView> sets, std::size_t values) {
  constexpr std::size_t kPieces = 5;
  std::size_t used = kPieces * kBorder + sizeof(std::uint64_t), count = 0;
  for (const ReducedSetView& set : sets.first(std::min(sets.size(), kMostProjected))) {
    used += (set.count * (set.dimension + 1) + values) * sizeof(double) + sizeof(std::uint64_t);
    if (used > arena.left()) break;
    ++count;
  }
  return std::max<std::size_t>(count, 1);
}

std::vector<double> transposed(MatrixView<const double> matrix) {
  std::vector<double> columns(matrix.size());
  for (std::size_t r = 0; r < matrix.rows(); ++r)
    for (std::size_t c = 0; c < matrix.cols(); ++c) columns[c * matrix.rows() + r] = matrix(r, c);
  return columns;
}

/// @param job  the landmarks and the kernel
Result<void> project_part(LaneLease& lease, const JoinedSets& part, DirectSums job, const double* map,
                          MatrixView<double> out) {
  LEARNDOCK_TRY(job.points, lease.upload(std::span<const double>(part.points)));
  LEARNDOCK_TRY(job.weights, lease.upload(std::span<const double>(part.weights)));
  LEARNDOCK_TRY(job.starts, lease.upload(std::span<const std::uint64_t>(part.starts)));
  LEARNDOCK_TRY(double* const sums, lease.arena().take<double>(out.rows() * job.count));
  LEARNDOCK_TRY(double* const result, lease.arena().take<double>(out.size()));
  job.sets = out.rows();
  job.out = sums;
  LEARNDOCK_CHECK(lease.launched(launch_direct_sums(job, lease.stream())));
  const MapRows mapped{sums, map, out.rows(), out.cols(), job.count, result};
  LEARNDOCK_CHECK(lease.launched(launch_map_rows(mapped, lease.stream())));
  LEARNDOCK_CHECK(lease.download(result, std::span<double>(out.data(), out.size())));
  return lease.wait();
}

}  // namespace

Result<void> inner_products(const Context& context, const ReducedSetView& query,
                            std::span<const ReducedSetView> sets, std::span<double> out) {
  return products(context, &query, sets, out);
}

Result<void> self_inner_products(const Context& context, std::span<const ReducedSetView> sets,
                                 std::span<double> out) {
  return products(context, nullptr, sets, out);
}

Result<void> gram(const Context& context, MatrixView<const double> points, const compute::Kernel& kernel,
                  MatrixView<double> out) {
  if (points.rows() == 0) return context.usable();
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  LEARNDOCK_TRY(const double* device_points,
                lease.upload(std::span<const double>(points.data(), points.size())));
  const std::size_t rows = points.rows(), mark = lease.arena().mark();
  const std::size_t most = std::max<std::size_t>(1, lease.arena().left() / (rows * sizeof(double)));
  for (std::size_t first = 0; first < rows; first += most) {
    const std::size_t count = std::min(most, rows - first);
    lease.arena().rewind(mark);
    LEARNDOCK_TRY(double* const result, lease.arena().take<double>(count * rows));
    const GramRows job{device_points, rows, points.cols(), first, count, kernel.gamma, kernel.scales, result};
    LEARNDOCK_CHECK(lease.launched(launch_gram_rows(job, lease.stream())));
    LEARNDOCK_CHECK(lease.download(result, std::span<double>(out.data() + first * rows, count * rows)));
  }
  return lease.wait();
}

Result<void> project(const Context& context, std::span<const ReducedSetView> sets,
                     const compute::Projection& projection, MatrixView<double> out) {
  if (out.size() == 0) return context.usable();
  const std::vector<double> by_coordinate = transposed(projection.landmarks);
  JoinedSets part;
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  DirectSums job;
  LEARNDOCK_TRY(job.landmarks, lease.upload(std::span<const double>(by_coordinate)));
  LEARNDOCK_TRY(const double* map,
                lease.upload(std::span<const double>(projection.map.data(), projection.map.size())));
  job.count = projection.landmarks.rows();
  job.dimension = projection.landmarks.cols();
  job.gamma = projection.kernel.gamma;
  job.scales = projection.kernel.scales;
  const std::size_t mark = lease.arena().mark();
  for (std::size_t first = 0; first < sets.size();) {
    lease.arena().rewind(mark);
    const std::size_t count =
        sets_that_fit(lease.arena(), sets.subspan(first), projection.landmarks.rows() + out.cols());
    part.assign(sets.subspan(first, count));
    LEARNDOCK_CHECK(project_part(lease, part, job, map, out.block(first, count)));
    first += count;
  }
  return {};
}

}  // namespace learndock::cuda
