#pragma once

#include <cstddef>
#include <cstdint>

namespace learndock::archive {

/// Limits of an archive, enforced while reading, before memory is taken (docs/packages.md). A dock may lower
/// them; they are not meant to be raised.
struct ArchiveLimits {
  std::uint64_t max_archive_bytes = std::uint64_t{2} << 30;
  std::uint64_t max_expanded_bytes = std::uint64_t{8} << 30;
  std::uint64_t max_file_bytes = std::uint64_t{4} << 30;
  std::uint64_t max_entries = 10'000;
  std::size_t max_path_bytes = 512;
  std::size_t max_path_depth = 16;
  /// The most bytes that a package may take in the dock (its files unpacked, its specification's numbers once
  /// more) for each byte of its archive. The ratio bounds how much more of the disk an upload fills than was
  /// sent. It is not checked up to `ratio_allowance` bytes, about what it gives the smallest possible archive
  /// (some 600 bytes), so many small packages fill the disk no faster than one large one.
  std::uint64_t max_ratio = 50;
  std::uint64_t ratio_allowance = std::uint64_t{32} << 10;
  std::size_t max_yaml_bytes = std::size_t{1} << 20;
  std::size_t max_spec_bytes = std::size_t{16} << 20;
};

}  // namespace learndock::archive
