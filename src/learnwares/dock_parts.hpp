#pragma once

#include "engine/part/search_part.hpp"
#include "engine/part/segment_part.hpp"
#include "learnwares/filter_bits_of_part.hpp"
#include "specification/space_id.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace learndock::learnwares {

/// A stored part of a dock and which of its items are live.
struct LivePart {
  specification::SpaceId space;
  std::shared_ptr<const engine::StoredPart> part;
  std::vector<std::uint64_t> live;  ///< bit i: item i; [ceil(count / 64)]
  std::size_t live_count = 0;
  /// The bits of the part's items in the filters of the snapshot; null: not found yet (see
  /// find_filter_bits).
  std::shared_ptr<const FilterBitsOfPart> filter_bits;

  /// The item of a catalogue number. @cost logarithmic
  [[nodiscard]] std::optional<engine::PartItem> item_of(LearnwareNumber number) const;
};

/// All stored parts of a dock at one moment. Immutable; a removal makes a new one that shares the parts.
struct DockParts {
  std::uint64_t version = 0;  ///< of the stored index; 0: there is none
  std::vector<std::shared_ptr<const LivePart>> parts;

  /// Whether the learnware is in some part.
  [[nodiscard]] bool holds(LearnwareNumber number) const;
  [[nodiscard]] std::size_t live_count() const;
  /// The same parts without one learnware, if it is in one of them. @cost one bitmap
  [[nodiscard]] DockParts without(LearnwareNumber number) const;
};

/// The part with those items live whose numbers are among `numbers`, which ascend.
[[nodiscard]] std::shared_ptr<const LivePart> live_part(specification::SpaceId space,
                                                        std::shared_ptr<const engine::StoredPart> part,
                                                        std::span<const LearnwareNumber> numbers);

}  // namespace learndock::learnwares
