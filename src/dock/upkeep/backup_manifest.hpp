#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace learndock::dock {

struct BackupFile {
  std::string path;  ///< below the backup's folder; one of a few forms, see `read_manifest`
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// The content of manifest.json in a backup.
struct BackupManifest {
  std::string created;
  std::uint64_t records = 0;
  catalog::Counters counters;
  std::vector<std::string> problems;
  std::vector<BackupFile> files;
};

[[nodiscard]] bool is_package_digest(std::string_view text);
/// "packages/ab/cdef..."
[[nodiscard]] std::filesystem::path package_place(std::string_view digest);

[[nodiscard]] Result<void> write_manifest(const std::filesystem::path& backup,
                                          const BackupManifest& manifest);
/// Reads manifest.json. Each path in it is that of dock.json, the catalogue, the mark or a package, so none
/// leads out of the folder. @errors not_found (no backup there), backup_mismatch (damaged), unsupported (a
/// newer version's), io
[[nodiscard]] Result<BackupManifest> read_manifest(const std::filesystem::path& backup);

}  // namespace learndock::dock
