#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace learndock::dock {

/// What the catalogue had come to when a change was last acknowledged, kept in a small file beside it. A
/// catalogue that says less has lost something: it was copied without its log, replaced by an older copy, or
/// damaged. The file is a hint: it is written after each commit and not flushed, so after a crash it may say
/// less than the catalogue, never more.
struct CatalogMark {
  catalog::Counters counters;
  std::uint64_t records = 0;
};

inline constexpr const char* kMarkFile = "catalog.mark";

/// Nothing when there is no such file, or none that can be believed.
[[nodiscard]] std::optional<CatalogMark> read_mark(const std::filesystem::path& dock);

/// @errors io, no_space
[[nodiscard]] Result<void> write_mark(const std::filesystem::path& dock, const CatalogMark& mark);

/// Whether a dock's catalogue can be believed to be the dock's current one; changes nothing. An empty file, a
/// catalogue behind its mark, and without a mark one that leaves many packages unnamed, cannot.
/// @errors catalog_behind, corrupt, not_found, io; each says how to go on
[[nodiscard]] Result<void> check_catalogue_is_current(const std::filesystem::path& dock);

/// Whether so many whole packages are named by no record and no deletion that the catalogue, whatever its
/// mark says, seems to be another one. Interrupted uploads leave that many only over a long time, so an
/// opening goes on; what would remove packages does not. @cost reads unnamed packages when there are many
/// @errors catalog_behind, corrupt, io
[[nodiscard]] Result<void> check_packages_are_named(const std::filesystem::path& dock);

}  // namespace learndock::dock
