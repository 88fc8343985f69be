#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <filesystem>

namespace learndock::dock {

/// A file of a dock that holds nothing but room. On a full disk it is removed so that SQLite can write what a
/// deletion or an opening needs: its log, and the shared memory beside it.
/// @threads  the caller sees to it that one thread at a time uses it
class DiskReserve {
 public:
  explicit DiskReserve(const std::filesystem::path& dock) : path_(dock / "reserve.bin") {}

  [[nodiscard]] bool there() const;
  /// Its length on a file system of this size: 4 MiB, less on a small one.
  [[nodiscard]] static std::uint64_t bytes_for(std::uint64_t total_bytes);
  /// Sets the room aside, really allocated. A failure leaves nothing: the dock works without it.
  void create(std::uint64_t bytes) const;
  /// @return whether it was there
  bool release() const;

 private:
  std::filesystem::path path_;
};

}  // namespace learndock::dock
