#pragma once

#include "learndock/base/result.hpp"

#include "io/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace learndock::io {

/// An open file; closed at the end of its life.
class FileHandle {
 public:
  /// @errors not_found, io
  [[nodiscard]] static Result<FileHandle> open_for_reading(const std::filesystem::path& path);
  /// A new file; an existing one is an error. @errors io, no_space
  [[nodiscard]] static Result<FileHandle> create(const std::filesystem::path& path);
  /// The same with the rights that the umask leaves; `create` makes files that only their owner reads.
  [[nodiscard]] static Result<FileHandle> create_for_user(const std::filesystem::path& path);

  [[nodiscard]] Result<std::uint64_t> size() const;
  /// Fills `out` from `offset`; a file that became shorter is an error. @threads concurrently
  [[nodiscard]] Result<void> read_at(std::uint64_t offset, char* out, std::size_t bytes) const;
  [[nodiscard]] Result<void> append(std::string_view bytes);
  /// Flushes to disk and closes.
  [[nodiscard]] Result<void> finish();

 private:
  FileHandle(Descriptor file, std::filesystem::path path) : file_(std::move(file)), path_(std::move(path)) {}
  static Result<FileHandle> create(const std::filesystem::path& path, mode_t mode);

  Descriptor file_;
  std::filesystem::path path_;
};

}  // namespace learndock::io
