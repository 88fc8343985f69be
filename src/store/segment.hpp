#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <type_traits>

namespace learndock::store {

/// A segment is one immutable file of named sections, mapped into memory and checked before it is believed.
/// The format is described byte by byte in src/store/SEGMENT.md.

/// The head of a segment. The writer of a segment chooses `kind` and the ids of sections.
struct SegmentInfo {
  std::uint32_t kind = 0;
  std::uint64_t generation = 0;
  std::uint64_t items = 0;
  std::uint64_t file_bytes = 0;
  std::uint32_t header_checksum = 0;  ///< covers the table's checksum, and by it every byte of the file
  bool operator==(const SegmentInfo&) const = default;
};

struct SectionInfo {
  std::uint32_t id = 0;         ///< unique in its segment, not 0
  std::uint32_t alignment = 0;  ///< of its first byte, in the file and in memory
  std::uint64_t offset = 0;     ///< in the file
  std::uint64_t length = 0;
  bool operator==(const SectionInfo&) const = default;
};

inline constexpr std::uint64_t kSegmentChunkBytes = std::uint64_t{1} << 20;  ///< each has its own checksum
inline constexpr std::uint32_t kSmallSectionAlignment = 64;                  ///< a cache line
inline constexpr std::uint32_t kLargeSectionAlignment = 4096;                ///< a page
inline constexpr std::uint32_t kMaxSections = 4096;

/// What `Segment::open` reads beyond head, table and padding, which it always checks.
struct Verify {
  bool everything = false;
  unsigned threads = 1;
};

/// How a section is going to be read; advice to the system, never needed for correctness. `unneeded` takes it
/// out of the process's memory until it is read again.
enum class Access { random, huge_pages, unneeded };

/// A segment opened for reading. No byte of a section is handed out before its chunk's checksum was compared,
/// once for each opening. The file must not be changed while it is open: writers make new files, and removing
/// an open one leaves it readable. A file that is shortened all the same, or whose disk fails, reads as zeros
/// from then on: `intact` is asked before an answer made of its bytes is given.
/// @threads safe to call concurrently; readers that meet the same unchecked chunk may both check it
class Segment {
 public:
  /// Maps the file. @errors not_found, io, corrupt (also a file that is too short, too long or no segment),
  /// unsupported (written by a newer version)
  /// @cost the head, the table (4 bytes per MiB) and the padding, plus what `verify` asks for
  [[nodiscard]] static Result<std::shared_ptr<const Segment>> open(const std::filesystem::path& path,
                                                                   const Verify& verify = {});
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  [[nodiscard]] const SegmentInfo& info() const;
  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] std::span<const SectionInfo> sections() const;  ///< in the file's order

  /// The whole section, checked; valid while the segment lives. @errors corrupt (damaged, or there is none)
  /// @cost reads the section on first use, afterwards one load per MiB
  [[nodiscard]] Result<std::span<const std::byte>> section(std::uint32_t id) const;
  /// `length` bytes from `offset` on; checks only the chunks that hold them, so that a section of many GB is
  /// usable at once. @errors corrupt, invalid_argument (past the section's end)
  [[nodiscard]] Result<std::span<const std::byte>> bytes(std::uint32_t id, std::uint64_t offset,
                                                         std::uint64_t length) const;
  /// `section` as values of a plain type. @errors corrupt (also a length that is no multiple of its size)
  template <class T>
  [[nodiscard]] Result<std::span<const T>> values(std::uint32_t id) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kSmallSectionAlignment);
    LEARNDOCK_TRY(const std::span<const std::byte> whole, section(id));
    if (whole.size() % sizeof(T) != 0) return Failure(odd_length(id, sizeof(T)));
    return std::span(reinterpret_cast<const T*>(whole.data()), whole.size() / sizeof(T));
  }

  /// Whether all that was handed out still is what was checked. @errors corrupt @cost a system call
  [[nodiscard]] Result<void> intact() const;
  /// Checks sections (all when the list is empty) ahead of their use. @errors corrupt, io
  [[nodiscard]] Result<void> verify(std::span<const std::uint32_t> ids, unsigned threads) const;
  /// False when the system does not take the advice.
  bool advise(std::uint32_t id, Access access) const;

 private:
  struct State;
  explicit Segment(std::unique_ptr<State> state);
  [[nodiscard]] Error odd_length(std::uint32_t id, std::size_t size) const;
  std::unique_ptr<State> state_;
};

}  // namespace learndock::store
