#pragma once

#include <cstddef>
#include <cstdint>

namespace learndock::archive {

/// Enforced while reading, before memory is taken (docs/packages.md). Lower them per dock; they are not meant
/// to rise.
struct ArchiveLimits {
  std::uint64_t max_archive_bytes = std::uint64_t{2} << 30;
  std::uint64_t max_expanded_bytes = std::uint64_t{8} << 30;
  std::uint64_t max_file_bytes = std::uint64_t{4} << 30;
  std::uint64_t max_entries = 10'000;
  std::size_t max_path_bytes = 512;
  std::size_t max_path_depth = 16;
  /// What a package takes of the dock (its files unpacked, its specification's numbers once more) for each
  /// byte of its archive: by so much more than what was sent an upload can fill the disk. Nothing is compared
  /// up to the allowance, which is about what the ratio gives the smallest archive there is (some 600 bytes):
  /// many small packages fill the disk no faster than one large one.
  std::uint64_t max_ratio = 50;
  std::uint64_t ratio_allowance = std::uint64_t{32} << 10;
  std::size_t max_yaml_bytes = std::size_t{1} << 20;
  std::size_t max_spec_bytes = std::size_t{16} << 20;
};

}  // namespace learndock::archive
