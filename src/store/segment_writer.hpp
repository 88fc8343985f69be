#pragma once

#include "store/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <type_traits>

namespace learndock::store {

struct SegmentHead {
  std::uint32_t kind = 0;
  std::uint64_t generation = 0;
};

/// Writes a segment from beginning to end, in pieces of any size and little memory. The file appears under
/// its name whole and flushed, or not at all; a writer that is dropped before `finish` leaves nothing. Calls
/// in another order than begin_section, append..., end_section, ... finish are bugs. After a failure only
/// destruction is left.
class SegmentWriter {
 public:
  /// @errors io, no_space, not_found (of the folder)
  [[nodiscard]] static Result<SegmentWriter> create(const std::filesystem::path& path,
                                                    const SegmentHead& head);
  ~SegmentWriter();
  SegmentWriter(SegmentWriter&&) noexcept;

  /// @param alignment  a power of two from 64 to 4096
  /// @errors invalid_argument (an id twice or 0, the alignment, too many sections), io, no_space
  [[nodiscard]] Result<void> begin_section(std::uint32_t id,
                                           std::uint32_t alignment = kSmallSectionAlignment);
  /// @errors io, no_space
  [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
  void end_section();
  /// A section at once.
  template <class T>
  [[nodiscard]] Result<void> add_section(std::uint32_t id, std::span<T> values,
                                         std::uint32_t alignment = kSmallSectionAlignment) {
    static_assert(std::is_trivially_copyable_v<T>);
    LEARNDOCK_CHECK(begin_section(id, alignment));
    LEARNDOCK_CHECK(append(std::as_bytes(values)));
    end_section();
    return {};
  }
  /// Completes the file, flushes it to disk and gives it its name. @errors io, no_space, conflict (there is a
  /// file of this name; it stays)
  [[nodiscard]] Result<SegmentInfo> finish(std::uint64_t items);

 private:
  struct State;
  explicit SegmentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace learndock::store
