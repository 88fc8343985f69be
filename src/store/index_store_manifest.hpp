#pragma once

#include "learndock/base/result.hpp"

#include "store/kernels_check.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::store {

inline constexpr std::string_view kManifestFile = "MANIFEST";
inline constexpr std::string_view kPreviousFile = "MANIFEST.previous";
inline constexpr std::string_view kSegmentPrefix = "segment-";
/// A name that no manifest may have: no version wrote such a file for a dock. One that lies in the folder is
/// swept as a segment that no manifest names.
inline constexpr std::string_view kDeletedPrefix = "deleted-";
inline constexpr std::size_t kMaxManifestBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxSegments = 4096;

/// A file that a version needs; the checksum of its head stands for every byte of it.
struct ManifestFile {
  std::string name;
  std::uint32_t header_checksum = 0;
  std::uint64_t items = 0;
  bool operator==(const ManifestFile&) const = default;
};

/// The content of MANIFEST (SEGMENT.md).
struct Manifest {
  std::uint64_t version = 0;
  std::uint64_t next_number = 1;  ///< above the numbers of all files that a version ever named
  std::uint64_t covers = 0;
  std::vector<ManifestFile> segments = {};
  std::map<std::string, std::string> options = {};
  std::string kernels = {};  ///< JSON text as `to_text` writes it; "" for none
  bool operator==(const Manifest&) const = default;
};

[[nodiscard]] std::string manifest_text(const Manifest& manifest);
/// @param readable  called with the kernels when there are any
/// @errors corrupt (the kernels cannot be read, too), unsupported
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text, KernelsCheck readable);
/// @errors not_found, io, and those of parse_manifest
[[nodiscard]] Result<Manifest> read_manifest(const std::filesystem::path& path, KernelsCheck readable);

/// "segment-0000000000000007.lds"
[[nodiscard]] std::string index_file_name(std::string_view prefix, std::uint64_t number);
/// The number in a name that begins with one of the prefixes; nothing for any other name.
[[nodiscard]] std::optional<std::uint64_t> index_file_number(std::string_view name);

}  // namespace learndock::store
