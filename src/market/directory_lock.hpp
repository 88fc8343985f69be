#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>

namespace learndock::market {

enum class LockMode {
  exclusive,
  shared  ///< beside other readers; where nothing can be written and there is no lock file, without a lock
};

/// An advisory lock on the dock directory, held while the market is open; the kernel drops it when the
/// process dies.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  /// @errors conflict (another process holds it), read_only (the folder cannot be written), io, no_space
  [[nodiscard]] Result<void> acquire(const std::filesystem::path& directory,
                                     LockMode mode = LockMode::exclusive);

 private:
  int fd_ = -1;
};

}  // namespace learndock::market
