#pragma once

#include "learndock/dock/disk_space.hpp"

#include "base/mutex.hpp"
#include "dock/truth/disk_reserve.hpp"

#include <chrono>
#include <optional>

namespace learndock::dock {

/// How full a dock and its disk may become.
struct SpaceLimits {
  std::uint64_t max_dock_bytes = 0;             ///< 0 = no limit
  std::optional<std::uint64_t> min_free_bytes;  ///< unset: the smaller of 64 MiB and 1 % of the disk
};

/// Decides whether there is room for bytes that are about to be written into a dock. Concurrent uploads count
/// together: the bytes of each count from before they are written until they are stored or given up. Free
/// space is looked up each time, so a dock whose disk was full takes packages again once it is not.
/// @threads  safe to call concurrently
class DiskSpace {
 public:
  /// @param probe  unset: the file system of the folder
  DiskSpace(std::filesystem::path dock, const SpaceLimits& limits, DiskProbe probe = {});

  /// Checks whether so many more bytes would be taken now. @errors no_space (with the facts and the way out),
  /// io
  [[nodiscard]] Result<void> room_for(std::uint64_t bytes);
  /// The same check; the bytes then count until `give_back`. When there is no room, `MakeRoom` is called
  /// once.
  [[nodiscard]] Result<void> hold(std::uint64_t bytes);
  /// Whether `bytes` would be taken if `given_up` others were freed.
  [[nodiscard]] bool would_fit(std::uint64_t bytes, std::uint64_t given_up);
  /// Frees what is not needed so that so many bytes fit, if it can free enough. It is called without any
  /// lock.
  using MakeRoom = std::function<void(std::uint64_t bytes)>;
  /// Call it before anything is held.
  void ask_for_room(MakeRoom make_room) { make_room_ = std::move(make_room); }
  void written(std::uint64_t bytes);
  void give_back(std::uint64_t held, std::uint64_t unwritten);

  /// Say that a package file became part of the dock, or that it is gone.
  void stored(std::uint64_t bytes);
  void removed(std::uint64_t bytes);

  /// Whether deleted learnwares should free their room at once: no package of any length would be taken, or
  /// less than a tenth of `max_dock_bytes` is left.
  [[nodiscard]] bool short_of_room();
  /// The same for the disk alone.
  [[nodiscard]] bool short_of_disk();
  [[nodiscard]] DiskStatus status();

  /// Gives up the reserve when the disk is so full that the dock could not be opened.
  /// @param count  count the dock's bytes now. With millions of packages this takes a while, so a server does
  /// not leave it to its first upload or probe
  void prepare_opening(bool count);
  /// Gives up the reserve, so that a deletion has room to write. @return whether there was one
  [[nodiscard]] bool release_reserve();
  /// Sets the reserve aside again where there is room for it.
  void keep_reserve();

 private:
  [[nodiscard]] std::uint64_t wanted_free(const DiskRoom& room) const LEARNDOCK_REQUIRES(mutex_);
  [[nodiscard]] Result<void> fits(const DiskRoom& room, std::uint64_t bytes, std::uint64_t given_up = 0)
      LEARNDOCK_REQUIRES(mutex_);
  [[nodiscard]] Result<void> try_hold(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t dock_bytes() LEARNDOCK_REQUIRES(mutex_);

  const std::filesystem::path dock_;
  const SpaceLimits limits_;
  const DiskProbe probe_;
  MakeRoom make_room_;
  Mutex mutex_;  // no other lock is taken while it is held
  DiskReserve reserve_ LEARNDOCK_GUARDED_BY(mutex_);
  std::uint64_t held_ LEARNDOCK_GUARDED_BY(mutex_) = 0;
  std::uint64_t unwritten_ LEARNDOCK_GUARDED_BY(mutex_) = 0;
  /// Bytes of all package files; counted when first asked for.
  std::optional<std::uint64_t> packages_ LEARNDOCK_GUARDED_BY(mutex_);
  /// Catalogue, index and the rest, when last looked at.
  std::uint64_t others_ LEARNDOCK_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point looked_ LEARNDOCK_GUARDED_BY(mutex_){};
};

}  // namespace learndock::dock
