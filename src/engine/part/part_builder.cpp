#include "engine/part/part_builder.hpp"

#include <fmt/format.h>

namespace learndock::engine {
namespace {

/// Learnwares that are embedded together: enough to keep all threads, or a device, busy.
constexpr std::size_t kEmbeddedTogether = 4096;

}  // namespace

Result<PartBuilder> PartBuilder::create(const std::filesystem::path& path, specification::SpaceId key,
                                        std::shared_ptr<const FeatureSpace> space,
                                        const PartWriterOptions& options) {
  const compute::Kernel kernel = space->kernel();
  const std::size_t dimension = space->dimension();
  LEARNDOCK_TRY(PartWriter writer, PartWriter::create(path, std::move(key), std::move(space), options));
  return PartBuilder(std::move(writer), kernel, dimension);
}

Result<void> PartBuilder::add(std::string_view id, LearnwareNumber number,
                              const compute::ReducedSetView& set) {
  if (set.dimension != dimension_)
    return fail(ErrorCode::invalid_argument,
                fmt::format("learnware {} has dimension {}, its space {}", id, set.dimension, dimension_));
  copies_.push_back({std::string(id),
                     {set.points, set.points + set.count * set.dimension},
                     {set.weights, set.weights + set.count}});
  numbers_.push_back(number);
  return copies_.size() < kEmbeddedTogether ? Result<void>() : flush();
}

Result<void> PartBuilder::flush() {
  std::vector<ItemContent> items;
  for (const Copy& copy : copies_)
    items.push_back(
        {copy.id, {copy.points.data(), copy.weights.data(), copy.weights.size(), dimension_, kernel_}});
  LEARNDOCK_CHECK(writer_.add(items, numbers_));
  copies_.clear();
  numbers_.clear();
  return {};
}

Result<store::SegmentInfo> PartBuilder::finish() {
  LEARNDOCK_CHECK(flush());
  return writer_.finish();
}

}  // namespace learndock::engine
