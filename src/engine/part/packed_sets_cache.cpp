#include "engine/part/packed_sets_cache.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace learndock::engine {
namespace {

/// Learnwares whose products would have a larger error per unit of weight are multiplied in fp64: one with
/// absurd values must not cost the others their precision.
constexpr double kFarError = 1e-4;
constexpr std::size_t kCentreSample = 1024;
constexpr std::size_t kBatchItems = 4096, kDeviceBatchItems = 65'536;
constexpr std::size_t kKeptBytes = std::size_t{512} << 20;
/// Memory for kept batches, on the host and again on the device. A machine with such a device has that much.
constexpr std::size_t kDeviceKeptBytes = std::size_t{16} << 30;

constexpr double kProducts = 1e9, kDeviceProducts = 1e11;

std::atomic<std::size_t> kept_by_all{0};

/// The median of some sets' means, which a few sets far off do not move.
std::vector<double> centre_of(std::span<const compute::ReducedSetView> sets, std::size_t dimension) {
  const std::size_t step = (sets.size() + kCentreSample - 1) / kCentreSample;
  Matrix<double> means((sets.size() + step - 1) / step, dimension);
  for (std::size_t i = 0; i < means.rows(); ++i) {
    const std::vector<double> mean = compute::mean_row(sets.subspan(i * step, 1), dimension);
    std::copy(mean.begin(), mean.end(), means.row(i).begin());
  }
  return compute::median_row(means.view());
}

}  // namespace

double radius_around(const compute::ReducedSetView& set, std::span<const double> centre) {
  double largest = 0;
  for (std::size_t i = 0; i < set.count; ++i) {
    double squared = 0;
    for (std::size_t k = 0; k < set.dimension; ++k) {
      const double difference = set.points[i * set.dimension + k] - centre[k];
      squared += difference * difference;
    }
    largest = std::max(largest, squared);
  }
  return std::sqrt(largest);
}

Result<PackedBatch> PackedBatch::pack(const SearchPart& part, std::span<const PartItem> items,
                                      const compute::Backend& backend) {
  std::vector<std::vector<double>> memory(items.size());
  std::vector<compute::ReducedSetView> views;
  views.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    LEARNDOCK_TRY(views.emplace_back(), part.set(items[i], memory[i]));
  }
  PackedBatch batch;
  batch.count = items.size();
  batch.centre = centre_of(views, part.dimension());
  for (std::size_t i = 0; i < views.size(); ++i) {
    const double radius = radius_around(views[i], batch.centre);
    if (compute::cross_term_error(part.kernel(), part.dimension(), radius, radius) <= kFarError) continue;
    batch.far.push_back(i);
    views[i].count = 0;
  }
  LEARNDOCK_TRY(compute::PackedSets packed, compute::PackedSets::pack(views, part.kernel(), batch.centre));
  batch.radius = packed.radius();
  batch.sets = std::make_shared<const compute::PackedSets>(std::move(packed));
  LEARNDOCK_TRY(batch.held, backend.hold(batch.sets->view()));
  return batch;
}

std::size_t PackedBatch::bytes() const {
  const compute::PackedSetsView view = sets->view();
  return view.blocks() * compute::kBlockRows * (view.dimension + 2) * sizeof(float);
}

std::size_t batch_items(const compute::Backend& backend) {
  return backend.on_device() ? kDeviceBatchItems : kBatchItems;
}

std::size_t most_kept(const compute::Backend& backend) {
  return backend.on_device() ? kDeviceKeptBytes : kKeptBytes;
}

double most_products(const compute::Backend& backend) {
  return backend.on_device() ? kDeviceProducts : kProducts;
}

std::shared_ptr<const void> reserve_room(std::size_t bytes, std::size_t most) {
  if (kept_by_all.fetch_add(bytes) + bytes > most) {
    kept_by_all -= bytes;
    return nullptr;
  }
  return {&kept_by_all, [bytes](const void*) { kept_by_all -= bytes; }};
}

std::shared_ptr<const PackedBatch> PackedSetsCache::find(const compute::Backend& backend,
                                                         std::size_t number) const {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = batches_.equal_range(number);
  const auto found =
      std::find_if(first, last, [&](const auto& one) { return one.second.backend.lock().get() == &backend; });
  return found == last ? nullptr : found->second.batch;
}

void PackedSetsCache::keep(const compute::Backend& backend, std::size_t number,
                           std::shared_ptr<const PackedBatch> batch) {
  const std::weak_ptr<const compute::Backend> owned = backend.weak_from_this();
  const std::lock_guard lock(mutex_);
  std::erase_if(batches_, [](const auto& one) { return one.second.backend.expired(); });
  if (!owned.expired()) batches_.emplace(number, Kept{owned, std::move(batch)});
}

}  // namespace learndock::engine
