#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>

namespace learndock::market {

/// An advisory lock on the dock directory, held while the market is open; the kernel drops it when the
/// process dies.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  [[nodiscard]] Result<void> acquire(const std::filesystem::path& directory);

 private:
  int fd_ = -1;
};

}  // namespace learndock::market
