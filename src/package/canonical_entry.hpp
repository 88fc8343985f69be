#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/result.hpp"

#include "archive/zip_reader.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

namespace learndock::package {

/// A package in its canonical form, opened once for several of its entries.
class CanonicalPackage {
 public:
  /// @param limits  the limits that the package was accepted under; its canonical form may be longer than the
  ///                archive that they allow, because it is not compressed
  /// @errors not_found, zip_*
  [[nodiscard]] static Result<CanonicalPackage> open(const std::filesystem::path& zip,
                                                     const archive::ArchiveLimits& limits = {});
  /// One entry as bytes. @errors not_found, too_large (over max_bytes), zip_*
  [[nodiscard]] Result<std::string> read(const std::string& entry, std::size_t max_bytes) const;

 private:
  explicit CanonicalPackage(archive::ZipArchive archive) : archive_(std::move(archive)) {}
  archive::ZipArchive archive_;
};

/// One entry of a package that nothing else is read of. @errors as CanonicalPackage
[[nodiscard]] Result<std::string> read_entry(const std::filesystem::path& zip, const std::string& entry,
                                             std::size_t max_bytes,
                                             const archive::ArchiveLimits& limits = {});

}  // namespace learndock::package
