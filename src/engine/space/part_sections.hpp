#pragma once

#include "engine/space/feature_space.hpp"
#include "specification/space_id.hpp"
#include "store/segment.hpp"
#include "store/segment_writer.hpp"

#include <cstdint>

namespace learndock::engine {

/// Section ids of a part (SEGMENT.md). Stored: do not renumber.
enum PartSection : std::uint32_t {
  kSpaceSection = 1,
  kLandmarkSection = 2,
  kMapSection = 3,
  kMiddleSection = 4,
  kCodeSection = 5,
  kFactorSection = 6,
  kSelfSection = 7,
  kKeySection = 8,
  kIdStartSection = 9,
  kIdSection = 10,
  kRecordStartSection = 11,
  kRecordSection = 12,
  kSpaceIdSection = 13,
  kCellCentreSection = 14,
  kCellSection = 15,
  kCellOrderSection = 16,
  kRowSection = 17,
  kRowErrorSection = 18,
  kRowExcessSection = 19,
};

/// Section 1: eight-byte fields.
struct PartFields {
  std::uint64_t dimension = 0, scales = 0, landmarks = 0, coordinates = 0, code_type = 0, items = 0;
  double gamma = 0, product_error = 0, mean_kernel = 0, residual_share = 0, largest_mass = 0;
  std::uint64_t prefilter = 0;  ///< PrefilterKind
};
static_assert(sizeof(PartFields) == 96);

/// Head of one reduced set in section 12; its weights (doubles) and points (`width` bytes a value) follow.
struct RecordHead {
  std::uint32_t count = 0;
  std::uint32_t width = 0;  ///< 4 when every value is exactly a float, else 8
};
inline constexpr std::size_t kRecordAlignment = 8;

[[nodiscard]] constexpr std::size_t record_bytes(const RecordHead& head, std::size_t dimension) {
  const std::size_t bytes = sizeof(RecordHead) + head.count * (8 + dimension * head.width);
  return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

[[nodiscard]] Result<void> write_space(store::SegmentWriter& writer, const FeatureSpace& space,
                                       const PartFields& counts);
[[nodiscard]] Result<void> write_space_id(store::SegmentWriter& writer, const specification::SpaceId& key);
struct ReadSpace {
  specification::SpaceId key;
  PartFields fields;
  FeatureSpace space;
};
/// @errors corrupt
[[nodiscard]] Result<ReadSpace> read_space(const store::Segment& segment);

}  // namespace learndock::engine
