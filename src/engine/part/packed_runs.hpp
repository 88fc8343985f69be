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

/// Reduced sets of some items of a part as a backend multiplies them all at once. Places are those of the
/// items it was packed from.
struct PackedRun {
  std::vector<double> centre;    ///< near the middle of most of them
  double radius = 0;             ///< of all but the far ones, around the centre
  std::vector<std::size_t> far;  ///< ascending places that fp32 cannot hold: empty here, multiplied in fp64
  std::size_t count = 0;
  std::shared_ptr<const compute::PackedSets> sets;
  std::shared_ptr<const compute::HeldSets> held;  ///< destroyed before `sets`, whose memory it uses
  std::shared_ptr<const void> room;  ///< of the memory that all runs may keep; null: not to be kept

  /// @errors corrupt; of the backend
  [[nodiscard]] static Result<PackedRun> pack(const SearchPart& part, std::span<const std::uint32_t> items,
                                              const compute::Backend& backend);
  [[nodiscard]] std::size_t bytes() const;
};

/// The largest distance of a set's points from `centre`.
[[nodiscard]] double radius_around(const compute::ReducedSetView& set, std::span<const double> centre);

/// Items of a part that are packed together: enough to keep the backend busy, few enough for a deadline.
[[nodiscard]] std::size_t run_items(const compute::Backend& backend);
/// Sums of absolute weights whose products keep their relative error in single precision.
[[nodiscard]] inline bool is_ordinary(double mass) { return mass >= 1e-15 && mass <= 1e15; }
/// Bytes of packed runs that the process keeps at most, for its CPUs or its device.
[[nodiscard]] std::size_t most_kept(const compute::Backend& backend);
/// Kernel values of one pass over all learnwares that cost less than bounds do.
[[nodiscard]] double most_products(const compute::Backend& backend);
/// Of the memory for kept runs so many bytes, until the last copy is gone. Null: there is no room.
[[nodiscard]] std::shared_ptr<const void> reserve_room(std::size_t bytes, std::size_t most);

/// A part's runs of consecutive items that are kept from one search to the next.
/// @threads  safe
class PackedRuns {
 public:
  /// Null: not kept, or kept for another backend.
  [[nodiscard]] std::shared_ptr<const PackedRun> find(const compute::Backend& backend,
                                                      std::size_t number) const;
  /// Until the part or the backend is gone; not at all for a backend that no shared_ptr owns.
  void keep(const compute::Backend& backend, std::size_t number, std::shared_ptr<const PackedRun> run);

 private:
  struct Kept {
    std::weak_ptr<const compute::Backend> backend;  // another may come to lie where it was
    std::shared_ptr<const PackedRun> run;
  };
  mutable std::mutex mutex_;
  std::multimap<std::size_t, Kept> runs_;  // by number
};

}  // namespace learndock::engine
