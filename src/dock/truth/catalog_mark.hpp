#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace learndock::dock {

/// The mark: the catalogue's counters at the last acknowledged change, in a small file beside it. A catalogue
/// whose counters are lower has lost something: it was copied without its log, replaced by an older copy, or
/// damaged. The file is a hint: it is written after each commit and not flushed, so after a crash it may be
/// below the catalogue, never above.
struct CatalogMark {
  catalog::Counters counters;
  std::uint64_t records = 0;
};

/// The mark of a dock; nothing when there is none, or a damaged one.
[[nodiscard]] std::optional<CatalogMark> read_mark(const std::filesystem::path& dock);

/// @errors io, no_space
[[nodiscard]] Result<void> write_mark(const std::filesystem::path& dock, const CatalogMark& mark);

/// Checks that the catalogue is the dock's current one; changes nothing. It refuses an empty file, a
/// catalogue behind its mark, and, without a mark, a catalogue that leaves many packages unnamed.
/// @errors catalog_behind, corrupt, not_found, io; each says how to go on
[[nodiscard]] Result<void> check_catalogue_is_current(const std::filesystem::path& dock);

/// Refuses a dock in which no record and no deletion names so many whole packages that the catalogue seems to
/// be another one, whatever its mark says. Interrupted uploads leave that many only over a long time, so
/// opening a dock does not check this; removing packages does. @cost reads unnamed packages when there are
/// many
/// @errors catalog_behind, corrupt, io
[[nodiscard]] Result<void> check_packages_are_named(const std::filesystem::path& dock);

}  // namespace learndock::dock
