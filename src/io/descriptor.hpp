#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace learndock::io {

/// Closes on scope exit; `close` is checked explicitly where its failure would lose data.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      if (fd_ >= 0) ::close(fd_);
      fd_ = other.release();
    }
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Writes all bytes at the descriptor's position; `path` is for the message. @errors io, no_space
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path);

/// A new empty file "PATH.PID.COUNT.tmp" beside the file that it will become. The caller removes or renames
/// it.
struct TemporaryFile {
  Descriptor descriptor;
  std::filesystem::path path;
};
/// @errors io, no_space, not_found (of the folder)
[[nodiscard]] Result<TemporaryFile> create_temporary_beside(const std::filesystem::path& path);

/// Renames unless the target exists. @errors conflict, io, no_space
[[nodiscard]] Result<void> rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace learndock::io
