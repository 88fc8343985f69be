#pragma once

#include "learndock/base/result.hpp"

#include "io/descriptor.hpp"

#include <filesystem>
#include <string_view>

namespace learndock::dock {

enum class LockMode {
  exclusive,
  shared  ///< beside other readers. Without a lock where nothing can be written and there is no lock file
};

/// The fix in errors about a dock that is open elsewhere, for operations that its server offers too.
inline constexpr std::string_view kAskServer = "stop it, or talk to it with --server";
/// The same for operations that only work on the folder.
inline constexpr std::string_view kStopFirst = "stop it first: this works on the dock's folder alone";

/// An advisory lock on the dock directory, held while the dock is open; the kernel drops it when the
/// process dies.
class DirectoryLock {
 public:
  /// @errors conflict (another process holds it), read_only (the folder cannot be written), io, no_space
  [[nodiscard]] Result<void> acquire(const std::filesystem::path& directory,
                                     LockMode mode = LockMode::exclusive,
                                     std::string_view when_held = kStopFirst);

 private:
  io::Descriptor file_;
};

}  // namespace learndock::dock
