#include "io/descriptor.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>

namespace learndock::io {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

}  // namespace

Result<Descriptor> open_for_reading(const std::filesystem::path& path, int flags) {
  Descriptor file(disk::open(path, O_RDONLY | flags));
  if (file.get() < 0) return Failure(system_error(errno, "open", path));
  return file;
}

Result<void> read_to_end(int fd, const std::filesystem::path& path,
                         const std::function<Result<void>(std::string_view)>& take) {
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(system_error(errno, "read", path));
    if (got == 0) return {};
    LEARNDOCK_CHECK(take(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
  }
}

Result<std::size_t> read_at(int fd, std::span<char> out, std::uint64_t offset,
                            const std::filesystem::path& path) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(system_error(errno, "read", path));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = disk::write(fd, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failure(system_error(errno, "write", path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_all_at(int fd, std::string_view bytes, std::uint64_t offset,
                          const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = disk::write_at(fd, bytes, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failure(system_error(errno, "write", path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> sync_file(int fd, const std::filesystem::path& path) {
  if (disk::sync(fd) != 0) return Failure(system_error(errno, "flush", path));
  return {};
}

Result<void> close_file(Descriptor& file, const std::filesystem::path& path) {
  if (::close(file.release()) != 0) return Failure(system_error(errno, "close", path));
  return {};
}

}  // namespace learndock::io
