#pragma once

#include "learndock/base/result.hpp"

#include "learnwares/entry.hpp"
#include "store/segment.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::learnwares {

/// The state of the catalogue that a learnware cache was made from. Records of a catalogue never change and
/// no number is given twice, so that an entry is right as long as its record is there.
struct EntrySource {
  std::uint64_t catalog_version = 0;
  std::int64_t last_created_unix_ms = 0;  ///< of the last record; it tells catalogues apart
};

/// A file of the learnware cache: many records, decoded for searching once and then mapped (see SEGMENT.md).
/// All of it comes from the catalogue, so it can be removed at any time.
/// @threads safe to call concurrently
class EntryFile {
 public:
  /// @param entries ascending by catalogue number, at least one; their specifications are not written
  /// @errors io, no_space, conflict (there is such a file)
  [[nodiscard]] static Result<void> write(const std::filesystem::path& path, const EntrySource& source,
                                          std::span<const std::shared_ptr<const Entry>> entries);

  /// @errors not_found, io, corrupt (also another kind of file), unsupported (another version's)
  /// @cost reads the file
  [[nodiscard]] static Result<std::shared_ptr<const EntryFile>> open(const std::filesystem::path& path,
                                                                     unsigned threads);

  [[nodiscard]] const EntrySource& source() const { return source_; }
  [[nodiscard]] std::span<const LearnwareNumber> sequences() const { return sequences_; }
  [[nodiscard]] std::string_view last_id() const;
  /// Checks that the data its entries point at still are what was checked. @errors corrupt @cost one load
  [[nodiscard]] Result<void> intact() const { return segment_->intact(); }
  /// Frees the memory of pages that were read. They are read again when a text is searched or a hit is named.
  void release_pages() const;

  /// Entries that point into the file and keep it, without specifications.
  /// @param live catalogue numbers, ascending, of the wanted entries; null: all
  /// @param kernels the kernels in use
  [[nodiscard]] static std::vector<std::shared_ptr<const Entry>> entries(
      const std::shared_ptr<const EntryFile>& file, const std::vector<LearnwareNumber>* live,
      const specification::SpaceKernels& kernels);

 private:
  explicit EntryFile(std::shared_ptr<const store::Segment> segment) : segment_(std::move(segment)) {}
  [[nodiscard]] Result<void> read();
  [[nodiscard]] Result<void> check_rows() const;

  std::shared_ptr<const store::Segment> segment_;
  EntrySource source_;
  std::vector<Traits> traits_;
  std::span<const LearnwareNumber> sequences_;
  std::span<const std::uint64_t> starts_;
  std::span<const char> rows_;
};

}  // namespace learndock::learnwares
