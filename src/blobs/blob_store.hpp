#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::blobs {

/// Immutable packages by their SHA-256. What `put` acknowledged survives a power cut.
/// @threads safe to call concurrently
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  /// Stores a file's bytes and returns their digest; storing the same bytes twice is the same blob.
  [[nodiscard]] virtual Result<std::string> put(const std::filesystem::path& file) = 0;
  /// As `put`, but a file on the store's file system becomes the blob itself: nothing is copied and no second
  /// copy takes room. The file is gone afterwards unless there was an error.
  [[nodiscard]] virtual Result<std::string> adopt(const std::filesystem::path& file) = 0;
  /// Takes a blob out of the store: it becomes the file `target`, which must be on the store's file system.
  /// @errors not_found, invalid_argument, io
  [[nodiscard]] virtual Result<void> release(std::string_view digest,
                                             const std::filesystem::path& target) = 0;
  /// A readable local path of a blob. @errors not_found, invalid_argument (not 64 hexadecimal digits)
  [[nodiscard]] virtual Result<std::filesystem::path> path_of(std::string_view digest) const = 0;
  /// Removes a blob. Removing one that is not there is no error.
  [[nodiscard]] virtual Result<void> remove(std::string_view digest) = 0;
  /// The digests of all blobs; used to find blobs that no record names.
  [[nodiscard]] virtual Result<std::vector<std::string>> list() const = 0;
};

}  // namespace learndock::blobs
