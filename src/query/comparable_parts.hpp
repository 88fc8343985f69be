#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/query/search.hpp"

#include "engine/search/certified_search.hpp"
#include "learnwares/snapshot.hpp"
#include "query/request/deadline.hpp"
#include "query/semantic_filter.hpp"
#include "query/set_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace learndock::query {

/// The parts from which mixtures are made, numbered as the parts that are compared.
struct MixedParts {
  std::vector<engine::FilteredPart> parts;
  std::deque<std::vector<std::uint64_t>> bitmaps;  ///< for parts that have odd learnwares
  LeftOut left_out;

  [[nodiscard]] bool has(const engine::CertifiedHit& hit) const {
    return hit.part < parts.size() && parts[hit.part].allows(hit.item);
  }
  [[nodiscard]] bool empty() const;
};

/// Everything that can be compared with the query: stored parts with their bitmaps, one part of the unindexed
/// learnwares, and one of learnwares that mixtures leave out. A spent deadline leaves out what was not yet
/// found, but never everything.
class ComparableParts {
 public:
  struct Wanted {
    const SearchRequest& request;  ///< with a specification
    const learnwares::Snapshot& snapshot;
    const learnwares::Bitmap* items = nullptr;  ///< items that passed the filters; null: all of the dock
    std::size_t max_points = kUsualMaxPoints;
  };
  ComparableParts(const Wanted& wanted, Deadline& deadline, Warnings& warnings);

  [[nodiscard]] std::span<const engine::FilteredPart> parts() const { return parts_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Whether something was left out.
  [[nodiscard]] bool cut() const { return cut_; }
  /// @errors corrupt (a stored part has a learnware that is not in the dock)
  [[nodiscard]] Result<const learnwares::Entry*> entry(const engine::CertifiedHit& hit) const;
  /// @errors corrupt @cost a look at the large sets of the stored parts, the first time
  [[nodiscard]] Result<const MixedParts*> mixed();

 private:
  void find_further(const learnwares::Bitmap* selected);
  [[nodiscard]] std::size_t elsewhere(const specification::SpaceId& space) const;
  void take_all(Warnings& warnings);
  void take_filtered(const learnwares::Bitmap& selected, Warnings& warnings);
  [[nodiscard]] learnwares::Bitmap fitting_of(const learnwares::Bitmap& selected, Warnings& warnings) const;
  void take_part(const std::shared_ptr<const learnwares::LivePart>& part,
                 std::span<const std::uint64_t> items);
  void take_rest(std::span<const std::uint64_t> items);
  void add_stored(const std::shared_ptr<const learnwares::LivePart>& part, const std::uint64_t* allowed,
                  std::size_t count);
  [[nodiscard]] Result<const learnwares::Entry*> stored_entry(std::size_t part, engine::PartItem item) const;
  void set_odd_aside();
  void make_unindexed_part(learnwares::Selection& entries);
  [[nodiscard]] Result<void> leave_out_large(std::size_t part);
  [[nodiscard]] bool late();

  const learnwares::Snapshot& snapshot_;
  const specification::RkmeSpecification& query_;
  specification::SpaceId key_;
  std::size_t max_points_;
  Deadline& deadline_;
  std::vector<std::shared_ptr<const learnwares::LivePart>> stored_;
  std::vector<std::vector<std::uint64_t>> bitmaps_;
  learnwares::Selection further_;                                  ///< compared by a further specification
  std::map<specification::SpaceId, std::size_t> found_elsewhere_;  ///< the spaces of their own entries
  learnwares::Selection unindexed_, odd_;
  MixedParts mixed_;
  std::vector<engine::FilteredPart> parts_;
  std::size_t count_ = 0;
  bool cut_ = false;
};

}  // namespace learndock::query
