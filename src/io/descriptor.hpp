#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace learndock::io {

/// An open file or folder, closed at the end of its life; `close` is checked where its failure would lose
/// data.
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

// In all of these `path` is for the message.

/// @param flags  of the system's `open`, beside O_RDONLY @errors not_found, io
[[nodiscard]] Result<Descriptor> open_for_reading(const std::filesystem::path& path, int flags = 0);

/// Reads from the descriptor's position to the file's end, a piece at a time. @errors io, and those of `take`
[[nodiscard]] Result<void> read_to_end(int fd, const std::filesystem::path& path,
                                       const std::function<Result<void>(std::string_view)>& take);

/// Fills `out` from `offset`. @return how many bytes there were: fewer when the file ends before @errors io
[[nodiscard]] Result<std::size_t> read_at(int fd, std::span<char> out, std::uint64_t offset,
                                          const std::filesystem::path& path);

/// Writes all bytes at the descriptor's position. @errors io, no_space
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& path);

/// Writes all bytes from `offset` on. @errors io, no_space
[[nodiscard]] Result<void> write_all_at(int fd, std::string_view bytes, std::uint64_t offset,
                                        const std::filesystem::path& path);

/// Flushes the bytes of a file to disk. @errors io, no_space
[[nodiscard]] Result<void> sync_file(int fd, const std::filesystem::path& path);

/// Closes it, and says when that failed. @errors io, no_space
[[nodiscard]] Result<void> close_file(Descriptor& file, const std::filesystem::path& path);

}  // namespace learndock::io
