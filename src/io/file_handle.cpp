#include "io/file_handle.hpp"

#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace learndock::io {

Result<FileHandle> FileHandle::open_for_reading(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failure(system_error(errno, "open", path));
  return FileHandle(fd, path);
}

Result<FileHandle> FileHandle::create(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerFile);
  if (fd < 0) return Failure(system_error(errno, "create", path));
  return FileHandle(fd, path);
}

Result<FileHandle> FileHandle::create_for_user(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kUserFile);
  if (fd < 0) return Failure(system_error(errno, "create", path));
  return FileHandle(fd, path);
}

FileHandle::FileHandle(FileHandle&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::uint64_t> FileHandle::size() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return Failure(system_error(errno, "inspect", path_));
  return static_cast<std::uint64_t>(info.st_size);
}

Result<void> FileHandle::read_at(std::uint64_t offset, char* out, std::size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(fd_, out, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(system_error(errno, "read", path_));
    if (got == 0) return fail(ErrorCode::corrupt, "the file is shorter than it was", path_.string());
    out += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return {};
}

Result<void> FileHandle::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failure(system_error(errno, "write", path_));
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> FileHandle::finish() {
  if (::fsync(fd_) != 0) return Failure(system_error(errno, "flush", path_));
  if (::close(std::exchange(fd_, -1)) != 0) return Failure(system_error(errno, "close", path_));
  return {};
}

}  // namespace learndock::io
