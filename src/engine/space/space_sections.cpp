#include "learndock/engine/prefilter_kind.hpp"

#include "engine/space/part_sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::engine {
namespace {

/// A limit far above any sensible space, and below sizes whose product could overflow.
constexpr std::uint64_t kMost = std::uint64_t{1} << 24;

Result<Matrix<double>> read_matrix(const store::Segment& segment, std::uint32_t id, std::size_t rows,
                                   std::size_t cols) {
  LEARNDOCK_TRY(const std::span<const double> values, segment.values<double>(id));
  if (values.size() != rows * cols)
    return fail(
        ErrorCode::corrupt,
        fmt::format("section {} holds {} numbers, {} x {} were expected", id, values.size(), rows, cols),
        segment.path().string(), "rebuild the index: learndock reindex");
  return Matrix<double>(rows, cols, std::vector<double>(values.begin(), values.end()));
}

}  // namespace

Result<void> write_space(store::SegmentWriter& writer, const FeatureSpace& space, const PartFields& counts) {
  const Subspace& subspace = space.subspace();
  PartFields fields = counts;
  fields.dimension = subspace.dimension;
  fields.scales = subspace.kernel.scales;
  fields.gamma = subspace.kernel.gamma;
  fields.landmarks = subspace.landmarks.rows();
  fields.coordinates = subspace.map.rows();
  fields.product_error = subspace.product_error;
  fields.mean_kernel = subspace.statistics.mean_kernel;
  fields.residual_share = subspace.statistics.residual_share;
  LEARNDOCK_CHECK(writer.add_section(kSpaceSection, std::span<const PartFields>(&fields, 1)));
  LEARNDOCK_CHECK(writer.add_section(kLandmarkSection, std::span(subspace.landmarks.values())));
  LEARNDOCK_CHECK(writer.add_section(kMapSection, std::span(subspace.map.values())));
  return writer.add_section(kMiddleSection, std::span(subspace.middle));
}

Result<void> write_space_id(store::SegmentWriter& writer, const specification::SpaceId& key) {
  std::vector<std::uint64_t> fields{key.kind->number};
  fields.insert(fields.end(), key.shape.begin(), key.shape.end());
  return writer.add_section(kSpaceIdSection, std::span<const std::uint64_t>(fields));
}

Result<ReadSpace> read_space(const store::Segment& segment) {
  LEARNDOCK_TRY(const std::span<const PartFields> stored, segment.values<PartFields>(kSpaceSection));
  if (segment.info().kind != 1 || stored.size() != 1 ||
      std::max({stored[0].dimension, stored[0].landmarks, stored[0].coordinates}) > kMost ||
      stored[0].code_type > 3 || stored[0].items != segment.info().items || stored[0].scales > kMost ||
      stored[0].prefilter > static_cast<std::uint64_t>(PrefilterKind::hnsw))
    return fail(ErrorCode::corrupt, "the segment holds no part of a search index", segment.path().string(),
                "rebuild the index: learndock reindex");
  const PartFields& fields = stored[0];
  Subspace subspace;
  subspace.dimension = fields.dimension;
  subspace.kernel = {fields.gamma, static_cast<std::uint32_t>(fields.scales)};
  LEARNDOCK_TRY(subspace.landmarks,
                read_matrix(segment, kLandmarkSection, fields.landmarks, fields.dimension));
  LEARNDOCK_TRY(subspace.map, read_matrix(segment, kMapSection, fields.coordinates, fields.landmarks));
  LEARNDOCK_TRY(Matrix<double> middle, read_matrix(segment, kMiddleSection, 1, fields.coordinates));
  subspace.middle = std::move(middle.values());
  subspace.product_error = fields.product_error;
  subspace.statistics = {fields.mean_kernel, fields.residual_share};
  LEARNDOCK_TRY(FeatureSpace space, FeatureSpace::restore(std::move(subspace)));
  LEARNDOCK_TRY(const std::span<const std::uint64_t> key, segment.values<std::uint64_t>(kSpaceIdSection));
  const auto kind = specification::kind_of_number(key.empty() ? 0 : key[0]);
  if (key.size() < 2 || key.size() > 1 + specification::kMaxRank || !kind)
    return fail(ErrorCode::corrupt, "the segment names no space", segment.path().string(),
                "rebuild the index: learndock reindex");
  specification::SpaceId space_id{*kind, {key.begin() + 1, key.end()}, space.kernel()};
  return ReadSpace{std::move(space_id), fields, std::move(space)};
}

}  // namespace learndock::engine
