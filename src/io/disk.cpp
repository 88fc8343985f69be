#include "io/disk.hpp"

#include "io/disk_watch.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace learndock::io {
namespace {

std::atomic<DiskWatch*> current_watch{nullptr};

/// Whether the call is to be made; otherwise errno is set.
bool permitted(DiskCall call) {
  DiskWatch* const watch = current_watch.load(std::memory_order_acquire);
  const int refused = watch == nullptr ? 0 : watch->before(call);
  if (refused != 0) errno = refused;
  return refused == 0;
}

std::error_code refusal_of(DiskCall call) {
  return permitted(call) ? std::error_code() : std::error_code(errno, std::generic_category());
}

}  // namespace

void watch_disk(DiskWatch* watch) { current_watch.store(watch, std::memory_order_release); }

namespace disk {

int open(const std::filesystem::path& path, int flags, mode_t mode) {
  if ((flags & O_CREAT) != 0 && !permitted(DiskCall::create)) return -1;
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}

ssize_t write(int fd, std::string_view bytes) {
  return permitted(DiskCall::write) ? ::write(fd, bytes.data(), bytes.size()) : -1;
}

ssize_t write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  if (!permitted(DiskCall::write)) return -1;
  return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
}

int sync(int fd) {
  if (!permitted(DiskCall::sync)) return -1;
  DiskWatch* const watch = current_watch.load(std::memory_order_acquire);
  if (watch == nullptr) return ::fsync(fd);
  watch->sync(fd);
  return 0;
}

int rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return permitted(DiskCall::rename) ? ::rename(from.c_str(), to.c_str()) : -1;
}

int rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (!permitted(DiskCall::rename)) return -1;
  const int done = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (done == 0 || (errno != EINVAL && errno != ENOSYS)) return done;
  // Some file systems cannot promise it, so look first. A process that writes into these folders has their
  // lock.
  if (::access(to.c_str(), F_OK) != 0) return ::rename(from.c_str(), to.c_str());
  errno = EEXIST;
  return -1;
}

int remove(const std::filesystem::path& path) {
  return permitted(DiskCall::remove) ? ::unlink(path.c_str()) : -1;
}

std::error_code remove_any(const std::filesystem::path& path) {
  std::error_code error = refusal_of(DiskCall::remove);
  if (!error) std::filesystem::remove(path, error);
  return error;
}

std::error_code remove_tree(const std::filesystem::path& path) {
  std::error_code error = refusal_of(DiskCall::remove);
  if (!error) std::filesystem::remove_all(path, error);
  return error;
}

std::error_code make_folders(const std::filesystem::path& path) {
  std::error_code error = refusal_of(DiskCall::make_folder);
  if (!error) std::filesystem::create_directories(path, error);
  return error;
}

int reserve(int fd, std::uint64_t bytes) {
  if (!permitted(DiskCall::write)) return -1;
  errno = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));  // it returns the error
  return errno == 0 ? 0 : -1;
}

int set_mode(int fd, mode_t mode) { return permitted(DiskCall::write) ? ::fchmod(fd, mode) : -1; }

int make_folder(const std::filesystem::path& path, mode_t mode) {
  return permitted(DiskCall::make_folder) ? ::mkdir(path.c_str(), mode) : -1;
}

int link(const std::filesystem::path& from, const std::filesystem::path& to) {
  return permitted(DiskCall::link) ? ::link(from.c_str(), to.c_str()) : -1;
}

}  // namespace disk
}  // namespace learndock::io
