#pragma once

#include "learndock/compute/backend.hpp"

#include "engine/part/search_part.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace learndock::engine {

/// The reduced sets of some items of a part, packed so that a backend multiplies all of them at once. A place
/// is an item's position in the list that the batch was packed from.
struct PackedBatch {
  std::vector<double> centre;  ///< near the middle of most sets
  double radius = 0;           ///< the largest distance of a point from the centre, except points of far sets
  std::vector<std::size_t>
      far;  ///< ascending places of sets that fp32 cannot carry: packed as empty sets, multiplied in fp64
  std::size_t count = 0;
  std::shared_ptr<const compute::PackedSets> sets;
  std::shared_ptr<const compute::HeldSets> held;  ///< destroyed before `sets`, whose memory it uses
  std::shared_ptr<const void>
      room;  ///< this batch's share of the memory for kept batches; null: the batch is not kept

  /// @errors corrupt; of the backend
  [[nodiscard]] static Result<PackedBatch> pack(const SearchPart& part, std::span<const PartItem> items,
                                                const compute::Backend& backend);
  [[nodiscard]] std::size_t bytes() const;
};

/// The largest distance of a set's points from `centre`.
[[nodiscard]] double radius_around(const compute::ReducedSetView& set, std::span<const double> centre);

/// The number of items that are packed together: enough to keep the backend busy, few enough for a deadline.
[[nodiscard]] std::size_t batch_items(const compute::Backend& backend);
/// Whether products with a set of this mass keep their relative error in single precision.
[[nodiscard]] inline bool is_ordinary(double mass) { return mass >= 1e-15 && mass <= 1e15; }
/// The most bytes of packed batches that the process keeps, for its CPUs or its device.
[[nodiscard]] std::size_t most_kept(const compute::Backend& backend);
/// The most kernel values of one pass over all learnwares for which the pass costs less than bounds do.
[[nodiscard]] double most_products(const compute::Backend& backend);
/// Reserves bytes of the memory for kept batches until the last copy of the result is gone. Returns null if
/// there is no room.
[[nodiscard]] std::shared_ptr<const void> reserve_room(std::size_t bytes, std::size_t most);

/// The batches of a part that are kept from one search to the next. A batch has consecutive items.
/// @threads  safe
class PackedSetsCache {
 public:
  /// Returns null if the batch is not kept, or is kept for another backend.
  [[nodiscard]] std::shared_ptr<const PackedBatch> find(const compute::Backend& backend,
                                                        std::size_t number) const;
  /// Keeps the batch until the part or the backend is gone. It is not kept if no shared_ptr owns the backend.
  void keep(const compute::Backend& backend, std::size_t number, std::shared_ptr<const PackedBatch> batch);

 private:
  struct Kept {
    std::weak_ptr<const compute::Backend> backend;  // another backend may get the same address
    std::shared_ptr<const PackedBatch> batch;
  };
  mutable std::mutex mutex_;
  std::multimap<std::size_t, Kept> batches_;  // by number
};

}  // namespace learndock::engine
