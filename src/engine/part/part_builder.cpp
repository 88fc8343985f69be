#include "engine/part/part_builder.hpp"

#include <fmt/format.h>

#include <utility>

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
  LEARNDOCK_CHECK(check(id, set.dimension));
  return keep({std::string(id),
               Matrix<double>(set.count, set.dimension, {set.points, set.points + set.count * set.dimension}),
               {set.weights, set.weights + set.count}},
              number);
}

Result<void> PartBuilder::add(std::string_view id, LearnwareNumber number,
                              specification::RkmeSpecification set) {
  LEARNDOCK_CHECK(check(id, set.dimension()));
  return keep({std::string(id), std::move(set.points), std::move(set.weights)}, number);
}

Result<void> PartBuilder::check(std::string_view id, std::size_t dimension) const {
  if (dimension == dimension_) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("learnware {} has dimension {}, its space {}", id, dimension, dimension_));
}

Result<void> PartBuilder::keep(Kept one, LearnwareNumber number) {
  kept_.push_back(std::move(one));
  numbers_.push_back(number);
  return kept_.size() < kEmbeddedTogether ? Result<void>() : flush();
}

Result<void> PartBuilder::flush() {
  std::vector<ItemContent> items;
  items.reserve(kept_.size());
  for (const Kept& one : kept_)
    items.push_back(
        {one.id, {one.points.values().data(), one.weights.data(), one.weights.size(), dimension_, kernel_}});
  LEARNDOCK_CHECK(writer_.add(items, numbers_));
  kept_.clear();
  numbers_.clear();
  return {};
}

Result<store::SegmentInfo> PartBuilder::finish() {
  LEARNDOCK_CHECK(flush());
  return writer_.finish();
}

}  // namespace learndock::engine
