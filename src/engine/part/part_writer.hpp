#pragma once

#include "learndock/base/ids.hpp"
#include "learndock/base/result.hpp"
#include "learndock/engine/prefilter_kind.hpp"

#include "compute/device_failure.hpp"
#include "engine/space/feature_space.hpp"
#include "specification/space_id.hpp"
#include "store/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace learndock::engine {

/// The `kind` of segments that contain a part (src/store/SEGMENT.md lists the sections).
inline constexpr std::uint32_t kPartKind = 1;

/// The content of a part's item. Non-owning.
struct ItemContent {
  std::string_view id;
  compute::ReducedSetView set;
};

struct PartWriterOptions {
  compute::CodeType codes = kCodes;
  std::uint64_t generation = 0;
  unsigned threads = 1;
  /// None: `chosen_prefilter` decides by the number of learnwares.
  std::optional<PrefilterKind> prefilter = {};
  std::size_t items_per_cell = kItemsPerCell;
  /// Computes the coordinates; none: this machine's processors, as `cpu` does. They also do when it is a
  /// device that has no room or is lost.
  std::shared_ptr<const compute::Backend> backend = {};
  /// Says so; writers that share it say it once together. None: the writer has its own.
  std::shared_ptr<compute::DeviceWarning> device_warning = {};
};

/// Writes a part to disk: reduced sets as they come, the rest at the end. It takes about 250 bytes of memory
/// and the id for each learnware (200 coordinates, int8). If the prefilter needs the coordinates themselves,
/// as cells do while they are made, it takes 1,050 bytes and the id.
class PartWriter {
 public:
  /// @param key key of the space; has the kernel and dimension of `space`
  /// @errors of SegmentWriter::create
  [[nodiscard]] static Result<PartWriter> create(const std::filesystem::path& path,
                                                 specification::SpaceId key,
                                                 std::shared_ptr<const FeatureSpace> space,
                                                 const PartWriterOptions& options);
  ~PartWriter();
  PartWriter(PartWriter&&) noexcept;

  /// Embeds, codes and stores some learnwares after the earlier ones. `keys` are the catalogue's numbers;
  /// batches of some thousands keep all threads busy.
  /// @errors invalid_argument (another dimension), io, no_space
  [[nodiscard]] Result<void> add(std::span<const ItemContent> items, std::span<const LearnwareNumber> keys);
  /// The file appears whole or not at all. @errors io, no_space, conflict
  [[nodiscard]] Result<store::SegmentInfo> finish();

 private:
  struct State;
  explicit PartWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace learndock::engine
