#include "store/tombstone_file.hpp"

#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <bit>

namespace learndock::store {
namespace {

constexpr std::uint32_t kTombstoneKind = 0x424D4F54;  // the bytes "TOMB"
constexpr std::uint64_t kWordBits = 64;

/// The bitmap of segment i is section i + 1.
std::uint32_t section_of(std::size_t segment) { return static_cast<std::uint32_t>(segment + 1); }

Failure misfit(const Segment& file, std::string message) {
  return fail(ErrorCode::corrupt, std::move(message), file.path().string(), std::string(kReindex));
}

Result<void> read_bitmap(const Segment& file, std::size_t segment, std::uint64_t items, Tombstones& deleted) {
  LEARNDOCK_TRY(const std::span<const std::uint64_t> words, file.values<std::uint64_t>(section_of(segment)));
  if (words.size() != items / kWordBits + (items % kWordBits != 0 ? 1 : 0))
    return misfit(file, fmt::format("{} words of deletions for the {} items of segment {}", words.size(),
                                    items, segment));
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::uint64_t left = words[i]; left != 0; left &= left - 1) {
      const std::uint64_t item = i * kWordBits + static_cast<std::uint64_t>(std::countr_zero(left));
      if (item >= items)
        return misfit(file, fmt::format("item {} of segment {} is deleted, it has {}", item, segment, items));
      deleted.remove(segment, item);
    }
  return {};
}

}  // namespace

Result<SegmentInfo> write_tombstones(const std::filesystem::path& path, std::uint64_t number,
                                     const Tombstones& deleted) {
  LEARNDOCK_TRY(SegmentWriter writer, SegmentWriter::create(path, {kTombstoneKind, number}));
  for (std::size_t i = 0; i < deleted.segments(); ++i)
    if (!deleted.words(i).empty()) LEARNDOCK_CHECK(writer.add_section(section_of(i), deleted.words(i)));
  return writer.finish(deleted.count());
}

Result<Tombstones> read_tombstones(const Segment& file, const std::vector<std::uint64_t>& items) {
  if (file.info().kind != kTombstoneKind) return misfit(file, "this is not a file of deletions");
  Tombstones deleted(items);
  for (const SectionInfo& section : file.sections()) {
    if (section.id > items.size())
      return misfit(file, fmt::format("deletions of segment {} of {}", section.id - 1, items.size()));
    LEARNDOCK_CHECK(read_bitmap(file, section.id - 1, items[section.id - 1], deleted));
  }
  if (deleted.count() != file.info().items)
    return misfit(file, fmt::format("{} deletions, the head says {}", deleted.count(), file.info().items));
  return deleted;
}

}  // namespace learndock::store
