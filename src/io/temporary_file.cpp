#include "io/temporary_file.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace learndock::io {

TemporaryFile::TemporaryFile(Descriptor file, std::filesystem::path path, std::filesystem::path target)
    : file_(std::move(file)), path_(std::move(path)), target_(std::move(target)) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::exchange(other.path_, {})),
      target_(std::move(other.target_)) {}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) disk::remove(path_);
}

Result<TemporaryFile> TemporaryFile::beside(const std::filesystem::path& target, mode_t mode) {
  static std::atomic<unsigned> counter{0};
  while (true) {
    std::filesystem::path path = target;
    path += fmt::format(".{}.{}.tmp", ::getpid(), counter.fetch_add(1));
    Descriptor file(disk::open(path, O_WRONLY | O_CREAT | O_EXCL, mode));
    if (file.get() >= 0) return TemporaryFile(std::move(file), std::move(path), target);
    // A dead process with the same process id left this file: ids repeat when containers are restarted.
    if (errno != EEXIST) return Failure(system_error(errno, "create", target));
  }
}

Result<TemporaryFile> TemporaryFile::locked_in(const std::filesystem::path& folder) {
  static std::atomic<unsigned> counter{0};
  while (true) {
    const std::filesystem::path path = folder / fmt::format("{}.{}", ::getpid(), counter.fetch_add(1));
    Descriptor file(disk::open(path, O_WRONLY | O_CREAT | O_EXCL, kOwnerFile));
    if (file.get() < 0 && errno == EEXIST) continue;  // a dead process of the same number left it
    if (file.get() < 0) return Failure(system_error(errno, "create", path));
    TemporaryFile temporary(std::move(file), path, path);
    struct stat info {};
    if (::flock(temporary.file_.get(), LOCK_EX) != 0 || ::fstat(temporary.file_.get(), &info) != 0)
      return Failure(system_error(errno, "lock", path));
    if (info.st_nlink > 0) return temporary;
    // Between creation and lock another process removed it as a leftover: begin again.
    temporary.path_.clear();
  }
}

Result<void> TemporaryFile::remove_leftover(const std::filesystem::path& path) {
  const Descriptor file(disk::open(path, O_RDONLY | O_NOFOLLOW));
  if (file.get() < 0)
    return errno == ENOENT ? Result<void>() : Result<void>(Failure(system_error(errno, "open", path)));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && disk::remove(path) != 0 && errno != ENOENT)
    return Failure(system_error(errno, "remove", path));
  return {};
}

Result<void> TemporaryFile::become(const std::filesystem::path& target) {
  LEARNDOCK_CHECK(rename_file(path_, target));
  path_.clear();
  return {};
}

Result<void> TemporaryFile::append(std::string_view bytes) { return write_all(file_.get(), bytes, target_); }

Result<void> TemporaryFile::write_at(std::string_view bytes, std::uint64_t offset) {
  return write_all_at(file_.get(), bytes, offset, target_);
}

Result<void> TemporaryFile::sync() { return sync_file(file_.get(), target_); }

Result<void> TemporaryFile::rename_over() {
  LEARNDOCK_CHECK(close_file(file_, target_));
  LEARNDOCK_CHECK(rename_file(path_, target_));
  path_.clear();
  return {};
}

Result<void> TemporaryFile::rename_to_new() {
  LEARNDOCK_CHECK(close_file(file_, target_));
  LEARNDOCK_CHECK(rename_file_to_new(path_, target_));
  path_.clear();
  return {};
}

}  // namespace learndock::io
