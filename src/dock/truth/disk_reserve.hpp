#pragma once

#include "dock/truth/dock_folder.hpp"

#include <cstdint>
#include <filesystem>

namespace learndock::dock {

/// The reserve: a file of a dock whose only use is its room. On a full disk the dock removes it, so that
/// SQLite can write its log and the shared memory beside it, which a deletion or an opening needs.
/// @threads one thread at a time; the caller ensures it
class DiskReserve {
 public:
  explicit DiskReserve(const std::filesystem::path& dock) : path_(DockFolder(dock).reserve()) {}

  [[nodiscard]] bool there() const;
  /// The reserve's length on a file system of this size: 4 MiB, less on a small one.
  [[nodiscard]] static std::uint64_t bytes_for(std::uint64_t total_bytes);
  /// Makes the file, with its blocks really allocated. A failure leaves nothing: the dock works without it.
  void create(std::uint64_t bytes) const;
  /// Removes the file. @return whether it was there
  bool release() const;

 private:
  std::filesystem::path path_;
};

}  // namespace learndock::dock
