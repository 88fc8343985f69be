#include "io/file.hpp"

#include "io/descriptor.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace learndock::io {
namespace {

Result<TemporaryFile> create_temporary(const std::filesystem::path& path, mode_t mode) {
  static std::atomic<unsigned> counter{0};
  while (true) {
    std::filesystem::path temporary = path;
    temporary += fmt::format(".{}.{}.tmp", ::getpid(), counter.fetch_add(1));
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (file.get() >= 0) return TemporaryFile{std::move(file), std::move(temporary)};
    // A dead process with the same process id left this file: ids repeat when containers are restarted.
    if (errno != EEXIST) return Failure(system_error(errno, "create", temporary));
  }
}

Result<void> write_sync_and_close(TemporaryFile& file, std::string_view bytes) {
  LEARNDOCK_CHECK(write_all(file.descriptor.get(), bytes, file.path));
  if (::fsync(file.descriptor.get()) != 0) return Failure(system_error(errno, "flush", file.path));
  if (::close(file.descriptor.release()) != 0) return Failure(system_error(errno, "close", file.path));
  return {};
}

/// Names `path` in the error: the temporary's name would tell the caller nothing.
Failure naming(const std::filesystem::path& path, Error error) {
  error.where = path.string();
  return Failure(std::move(error));
}

Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  auto temporary = create_temporary(path, mode);
  if (!temporary) return naming(path, std::move(temporary).error());
  auto written = write_sync_and_close(*temporary, bytes);
  if (written && ::rename(temporary->path.c_str(), path.c_str()) != 0)
    written = Failure(system_error(errno, "rename", path));
  if (!written) {
    ::unlink(temporary->path.c_str());
    return naming(path, std::move(written).error());
  }
  return sync_directory(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

}  // namespace

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

Result<TemporaryFile> create_temporary_beside(const std::filesystem::path& path) {
  return create_temporary(path, kOwnerFile);
}

Result<void> rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  int failed = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  // Some file systems cannot promise it, so look first. A process that writes into these folders has their
  // lock.
  if (failed == EINVAL || failed == ENOSYS)
    failed = ::access(to.c_str(), F_OK) == 0 ? EEXIST : ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (failed == EEXIST)
    return fail(ErrorCode::conflict, "there is a file of this name", to.string(),
                "another process may have made it; use or remove it");
  if (failed != 0) return Failure(system_error(failed, "rename", to));
  return {};
}

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
  return write_atomically(path, bytes, kOwnerFile);
}

Result<void> write_user_file(const std::filesystem::path& path, std::string_view bytes) {
  return write_atomically(path, bytes, kUserFile);
}

Result<void> create_private_folder(const std::filesystem::path& named) {
  std::error_code error;
  const std::filesystem::path path = named.has_filename() ? named : named.parent_path();  // "folder/"
  const std::filesystem::path parent = path.parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return Failure(system_error(error.value(), "create the folder of", path));
  if (::mkdir(path.c_str(), kOwnerFolder) == 0) return {};
  const int failed = errno;
  if (failed == EEXIST && std::filesystem::is_directory(path, error)) return {};
  return Failure(system_error(failed, "create the folder of", path));
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) return Failure(system_error(errno, "open", directory));
  if (::fsync(handle.get()) != 0) return Failure(system_error(errno, "flush", directory));
  return {};
}

}  // namespace learndock::io
