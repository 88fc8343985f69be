#include "dock/directory_lock.hpp"

#include "dock/dock_folder.hpp"
#include "io/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace learndock::dock {

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> DirectoryLock::acquire(const std::filesystem::path& directory, LockMode mode,
                                    std::string_view when_held) {
  const std::filesystem::path path = DockFolder(directory).lock();
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const int refused = fd_ < 0 ? errno : 0;
  if (refused != 0 && mode == LockMode::shared) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) return {};  // no one can write here, so there is no one to be held off
  } else if (refused == EACCES || refused == EPERM || refused == EROFS) {
    Error error = io::system_error(refused, "open", path);
    error.code = ErrorCode::read_only;
    error.fix = "give this user the right to write there; list, show, search and get work without it";
    return Failure(std::move(error));
  } else if (refused != 0) {
    return Failure(io::system_error(refused, "open", path));
  }
  if (::flock(fd_, (mode == LockMode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
    return fail(ErrorCode::conflict, "another process has this dock open", directory.string(),
                std::string(when_held));
  return {};
}

}  // namespace learndock::dock
