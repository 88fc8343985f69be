#pragma once

#include "learndock/base/result.hpp"
#include "learndock/package/package.hpp"

#include "archive/byte_source.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace learndock::package {

struct ContentEntry {
  std::string name;  ///< as `archive::stored_path` gives it; a directory ends in '/'
  std::uint64_t bytes = 0;
  [[nodiscard]] bool directory() const { return name.ends_with('/'); }
};

/// The files of a submitted learnware, in an archive or a folder.
class Contents {
 public:
  virtual ~Contents() = default;
  [[nodiscard]] virtual const std::vector<ContentEntry>& entries() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& warnings() const = 0;
  /// The archive's length in bytes; nothing for a folder, which is not packed.
  [[nodiscard]] virtual std::optional<std::uint64_t> archive_bytes() const = 0;
  /// Streams entry `index`, exactly its `bytes`. @errors zip_*, io, the sink's
  [[nodiscard]] virtual Result<void> read(std::size_t index, const archive::Sink& sink) const = 0;
};

/// A zip archive or a folder, told apart by what is there. @errors not_found, io, zip_*
[[nodiscard]] Result<std::unique_ptr<Contents>> open_contents(const std::filesystem::path& zip_or_folder,
                                                              const archive::ArchiveLimits& limits);

}  // namespace learndock::package
