#include "learndock/base/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace learndock {
namespace {

/// Closes on scope exit; `close` is checked explicitly where its failure would lose data.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Failure(system_error(errno, "write", path));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_and_sync(const std::filesystem::path& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (file.get() < 0) return Failure(system_error(errno, "create", path));
  LEARNDOCK_CHECK(write_all(file.get(), bytes, path));
  if (::fsync(file.get()) != 0) return Failure(system_error(errno, "flush", path));
  if (::close(file.release()) != 0) return Failure(system_error(errno, "close", path));
  return {};
}

}  // namespace

Error system_error(int error_number, std::string_view doing, const std::filesystem::path& path) {
  Error error{ErrorCode::io, fmt::format("cannot {} the file: {}", doing, std::strerror(error_number)),
              path.string()};
  switch (error_number) {
    case ENOENT:
      error.code = ErrorCode::not_found;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      error.code = ErrorCode::no_space;
      error.fix = "free some space or raise the quota, then try again; nothing was stored";
      break;
    default:
      break;
  }
  return error;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Failure(system_error(errno, "open", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Failure(system_error(errno, "inspect", path));
  if (S_ISDIR(info.st_mode)) return fail(ErrorCode::io, "this is a folder, not a file", path.string());
  std::string bytes;
  if (S_ISREG(info.st_mode)) bytes.reserve(std::min(static_cast<std::size_t>(info.st_size), max_bytes));
  char chunk[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.get(), chunk, sizeof chunk);
    if (got == 0) return bytes;
    if (got < 0) {
      if (errno == EINTR) continue;
      return Failure(system_error(errno, "read", path));
    }
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes)
      return fail(ErrorCode::too_large, fmt::format("the file is longer than {} bytes", max_bytes),
                  path.string());
    bytes.append(chunk, static_cast<std::size_t>(got));
  }
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  static std::atomic<unsigned> counter{0};
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.{}.tmp", ::getpid(), counter.fetch_add(1));
  auto written = write_and_sync(temporary, bytes);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = Failure(system_error(errno, "rename", path));
  if (!written) {
    ::unlink(temporary.c_str());
    Error error = std::move(written).error();
    error.where = path.string();  // the temporary's name would tell the caller nothing
    return Failure(std::move(error));
  }
  return sync_directory(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) return Failure(system_error(errno, "open", directory));
  if (::fsync(handle.get()) != 0) return Failure(system_error(errno, "flush", directory));
  return {};
}

}  // namespace learndock
