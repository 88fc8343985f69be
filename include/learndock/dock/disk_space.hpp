#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

namespace learndock::dock {

/// A file system's size and what an ordinary user may still write to it.
struct DiskRoom {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
using DiskProbe = std::function<Result<DiskRoom>()>;

/// The state of a dock's disk, as /metrics and the readiness probe show it.
struct DiskStatus {
  std::uint64_t free_bytes = 0;
  std::uint64_t dock_bytes = 0;
  std::string read_only;  ///< why no package is taken now; empty: packages are taken
};

class DiskSpace;

/// Bytes of a dock's disk that are reserved for one upload. The destructor gives back what is still reserved.
/// @ownership  the dock's DiskSpace must outlive it
class SpaceHold {
 public:
  SpaceHold() = default;
  explicit SpaceHold(DiskSpace& space) : space_(&space) {}
  SpaceHold(SpaceHold&& other) noexcept
      : space_(std::exchange(other.space_, nullptr)), held_(other.held_), unwritten_(other.unwritten_) {}
  SpaceHold& operator=(SpaceHold&&) = delete;
  ~SpaceHold();

  /// Reserves `bytes` more bytes, which are about to be written. @errors no_space
  [[nodiscard]] Result<void> take(std::uint64_t bytes);
  /// Says that everything taken so far is on the disk, where it no longer counts as free.
  void written();
  /// Gives everything back now: bytes that were written are counted elsewhere, or are gone.
  void release();

 private:
  DiskSpace* space_ = nullptr;
  std::uint64_t held_ = 0, unwritten_ = 0;
};

}  // namespace learndock::dock
