#pragma once

#include "learndock/index/certified_search.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/market/dock_file.hpp"
#include "learndock/market/search.hpp"

#include "market/deadline.hpp"
#include "market/semantic_filter.hpp"
#include "market/set_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace learndock::market {

/// Parts of which mixtures are made, numbered as those that are compared.
struct MixedParts {
  std::vector<index::FilteredPart> parts;
  std::deque<std::vector<std::uint64_t>> bitmaps;  ///< of parts that have odd learnwares
  LeftOut left_out;

  [[nodiscard]] bool has(const index::CertifiedHit& hit) const {
    return hit.part < parts.size() && parts[hit.part].allows(hit.item);
  }
  [[nodiscard]] bool empty() const;
};

/// What can be compared with the query: stored parts with their bitmaps, one part of the rest, and one of
/// what no mixture is made of. A spent deadline leaves out what was not yet found; something of it is always
/// there.
class ComparableParts {
 public:
  struct Wanted {
    const SearchRequest& request;  ///< with a specification
    const index::Snapshot& snapshot;
    const index::Bitmap* items = nullptr;  ///< that passed the filters; null: all of the dock
    std::size_t max_points = DockLimits().max_points;
  };
  ComparableParts(const Wanted& wanted, Deadline& deadline, std::vector<std::string>& warnings);

  [[nodiscard]] std::span<const index::FilteredPart> parts() const { return parts_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Whether something was left out.
  [[nodiscard]] bool cut() const { return cut_; }
  /// @errors corrupt (a stored part holds a learnware that the dock does not have)
  [[nodiscard]] Result<const index::Entry*> entry(const index::CertifiedHit& hit) const;
  /// @errors corrupt @cost a look at the large sets of the stored parts, the first time
  [[nodiscard]] Result<const MixedParts*> mixed();

 private:
  void take_all(std::vector<std::string>& warnings);
  void take_filtered(const index::Bitmap& selected, std::vector<std::string>& warnings);
  [[nodiscard]] index::Bitmap fitting_of(const index::Bitmap& selected,
                                         std::vector<std::string>& warnings) const;
  void take_part(const std::shared_ptr<const index::LivePart>& part, std::span<const std::uint64_t> items);
  void take_rest(std::span<const std::uint64_t> items);
  void add_stored(const std::shared_ptr<const index::LivePart>& part, const std::uint64_t* allowed,
                  std::size_t count);
  [[nodiscard]] Result<const index::Entry*> stored_entry(std::size_t part, std::size_t item) const;
  void set_odd_aside();
  void make_plain_part(Entries& entries);
  [[nodiscard]] Result<void> leave_out_large(std::size_t part);
  [[nodiscard]] bool late();

  const index::Snapshot& snapshot_;
  const spec::RkmeSpecification& query_;
  index::SpaceKey key_;
  std::size_t max_points_;
  Deadline& deadline_;
  std::vector<std::shared_ptr<const index::LivePart>> stored_;
  std::vector<std::vector<std::uint64_t>> bitmaps_;
  Entries plain_, odd_;
  MixedParts mixed_;
  std::vector<index::FilteredPart> parts_;
  std::size_t count_ = 0;
  bool cut_ = false;
};

}  // namespace learndock::market
