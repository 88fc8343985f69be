#pragma once

#include "learndock/numeric/matrix.hpp"
#include "learndock/specification/statistical.hpp"

#include "engine/part/part_writer.hpp"

#include <string>
#include <vector>

namespace learndock::engine {

/// Writes a part of learnwares that come one by one: a re-index makes all parts of an index with it, a dock
/// those of its new learnwares. Some thousands are embedded together; until then it keeps them.
class PartBuilder {
 public:
  /// @errors as PartWriter::create
  [[nodiscard]] static Result<PartBuilder> create(const std::filesystem::path& path,
                                                  specification::SpaceId key,
                                                  std::shared_ptr<const FeatureSpace> space,
                                                  const PartWriterOptions& options);

  /// Numbers ascend. @errors as PartWriter::add
  [[nodiscard]] Result<void> add(std::string_view id, LearnwareNumber number,
                                 const compute::ReducedSetView& set);
  /// The same for a set that is given away and not copied.
  [[nodiscard]] Result<void> add(std::string_view id, LearnwareNumber number,
                                 specification::RkmeSpecification set);
  /// The file appears whole or not at all. @errors as PartWriter::add and PartWriter::finish
  [[nodiscard]] Result<store::SegmentInfo> finish();

 private:
  struct Kept {
    std::string id;
    Matrix<double> points;
    std::vector<double> weights;
  };
  explicit PartBuilder(PartWriter writer, compute::Kernel kernel, std::size_t dimension)
      : writer_(std::move(writer)), kernel_(kernel), dimension_(dimension) {}
  [[nodiscard]] Result<void> check(std::string_view id, std::size_t dimension) const;
  [[nodiscard]] Result<void> keep(Kept one, LearnwareNumber number);
  [[nodiscard]] Result<void> flush();

  PartWriter writer_;
  compute::Kernel kernel_;
  std::size_t dimension_;
  std::vector<Kept> kept_ = {};
  std::vector<LearnwareNumber> numbers_ = {};
};

}  // namespace learndock::engine
