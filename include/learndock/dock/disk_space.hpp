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

/// What /metrics and the readiness probe show of a dock's disk.
struct DiskStatus {
  std::uint64_t free_bytes = 0;
  std::uint64_t dock_bytes = 0;
  std::string read_only;  ///< why no package is taken now; empty: packages are taken
};

class DiskSpace;

/// Bytes that one upload takes of a dock's disk; what is not kept is given back at the end of its life.
/// @ownership  the dock's DiskSpace must outlive it
class SpaceHold {
 public:
  SpaceHold() = default;
  explicit SpaceHold(DiskSpace& space) : space_(&space) {}
  SpaceHold(SpaceHold&& other) noexcept
      : space_(std::exchange(other.space_, nullptr)), held_(other.held_), unwritten_(other.unwritten_) {}
  SpaceHold& operator=(SpaceHold&&) = delete;
  ~SpaceHold();

  /// Room for so many bytes more, which are about to be written. @errors no_space
  [[nodiscard]] Result<void> take(std::uint64_t bytes);
  /// All that was taken is on the disk, where it is no longer counted as free.
  void written();
  /// Gives everything back now: what was written is counted elsewhere, or is gone.
  void release();

 private:
  DiskSpace* space_ = nullptr;
  std::uint64_t held_ = 0, unwritten_ = 0;
};

}  // namespace learndock::dock
