#include "market/directory_lock.hpp"

#include "learndock/base/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace learndock::market {

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> DirectoryLock::acquire(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return Failure(system_error(errno, "open", path));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::conflict, "another process has this dock open", directory.string(),
                "stop it, or talk to it with --server");
  return {};
}

}  // namespace learndock::market
