#include "archive/byte_source.hpp"

#include "io/descriptor.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace learndock::archive {
namespace {

Failure not_there(std::uint64_t offset, std::size_t wanted, std::uint64_t size) {
  return fail(
      ErrorCode::zip_truncated,
      fmt::format("{} bytes are expected at offset {}, but the file ends at {}", wanted, offset, size));
}

bool holds(std::uint64_t size, std::uint64_t offset, std::size_t wanted) {
  return offset <= size && wanted <= size - offset;
}

class FileSource final : public ByteSource {
 public:
  FileSource(io::Descriptor file, std::uint64_t size, std::filesystem::path path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<char> out) const override {
    if (!holds(size_, offset, out.size())) return not_there(offset, out.size(), size_);
    LEARNDOCK_TRY(const std::size_t got, io::read_at(file_.get(), out, offset, path_));
    if (got == out.size()) return {};
    return fail(ErrorCode::io, "the file became shorter while it was read", path_.string());
  }

 private:
  io::Descriptor file_;
  std::uint64_t size_;
  std::filesystem::path path_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<char> out) const override {
    if (!holds(bytes_.size(), offset, out.size())) return not_there(offset, out.size(), bytes_.size());
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string_view bytes_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_file_source(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer; it has no effect on regular files.
  LEARNDOCK_TRY(io::Descriptor file, io::open_for_reading(path, O_NONBLOCK));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Failure(io::system_error(errno, "inspect", path));
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::io, "this is not a regular file", path.string());
  return std::make_unique<FileSource>(std::move(file), static_cast<std::uint64_t>(info.st_size), path);
}

std::unique_ptr<ByteSource> memory_source(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

}  // namespace learndock::archive
