#include "io/file_handle.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace learndock::io {

Result<FileHandle> FileHandle::open_for_reading(const std::filesystem::path& path) {
  LEARNDOCK_TRY(Descriptor file, io::open_for_reading(path));
  return FileHandle(std::move(file), path);
}

Result<FileHandle> FileHandle::create(const std::filesystem::path& path, mode_t mode) {
  Descriptor file(disk::open(path, O_WRONLY | O_CREAT | O_EXCL, mode));
  if (file.get() < 0) return Failure(system_error(errno, "create", path));
  return FileHandle(std::move(file), path);
}

Result<FileHandle> FileHandle::create(const std::filesystem::path& path) { return create(path, kOwnerFile); }

Result<FileHandle> FileHandle::create_for_user(const std::filesystem::path& path) {
  return create(path, kUserFile);
}

Result<std::uint64_t> FileHandle::size() const {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) return Failure(system_error(errno, "inspect", path_));
  return static_cast<std::uint64_t>(info.st_size);
}

Result<void> FileHandle::read_at(std::uint64_t offset, char* out, std::size_t bytes) const {
  LEARNDOCK_TRY(const std::size_t got, io::read_at(file_.get(), {out, bytes}, offset, path_));
  if (got == bytes) return {};
  return fail(ErrorCode::corrupt, "the file is shorter than it was", path_.string());
}

Result<void> FileHandle::append(std::string_view bytes) { return write_all(file_.get(), bytes, path_); }

Result<void> FileHandle::finish() {
  LEARNDOCK_CHECK(sync_file(file_.get(), path_));
  return close_file(file_, path_);
}

}  // namespace learndock::io
