#include "exact_operations.hpp"

#include "kernels/exact_products.hpp"

#include <algorithm>
#include <vector>

namespace learndock::cuda {
namespace {

using compute::ReducedSetView;

constexpr std::size_t kBorder = 256;

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
  return {a.points, a.weights, b.points, b.weights, set.count, count_b, set.dimension, set.gamma, set.scales};
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

}  // namespace

Result<void> inner_products(const Context& context, const ReducedSetView& query,
                            std::span<const ReducedSetView> sets, std::span<double> out) {
  return products(context, &query, sets, out);
}

Result<void> self_inner_products(const Context& context, std::span<const ReducedSetView> sets,
                                 std::span<double> out) {
  return products(context, nullptr, sets, out);
}

Result<void> gram(const Context& context, MatrixView<const double> points,
                  const compute::GaussianKernel& kernel, MatrixView<double> out) {
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

}  // namespace learndock::cuda
