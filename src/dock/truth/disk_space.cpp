#include "dock/truth/disk_space.hpp"

#include "dock/truth/dock_folder.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <sys/statvfs.h>
#include <system_error>
#include <utility>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMinFreeBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMinFreeShare = 100;
constexpr std::uint64_t kQuotaShare = 10;
/// The sizes of the catalogue and the index are measured again after this time, since uploads ask once for
/// each piece.
constexpr std::chrono::seconds kLookAgain{1};

Result<DiskRoom> room_of(const fs::path& folder) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0)
    return Failure(io::system_error(errno, "inspect the file system of", folder));
  return DiskRoom{std::uint64_t{info.f_bavail} * info.f_frsize, std::uint64_t{info.f_blocks} * info.f_frsize};
}

/// Bytes of all files below a folder. Files that vanish meanwhile, or cannot be read, do not count.
std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  fs::recursive_directory_iterator item(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
    std::error_code ignored;
    if (!item->is_regular_file(ignored)) continue;
    if (const std::uint64_t bytes = item->file_size(ignored); !ignored) sum += bytes;
  }
  return sum;
}

/// Bytes of everything but packages and uploads in progress, which are counted as they come and go.
std::uint64_t bytes_beside_packages(const fs::path& dock) {
  std::uint64_t sum = 0;
  std::error_code error;
  fs::directory_iterator item(dock, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    std::error_code ignored;
    const fs::path name = item->path().filename();
    if (name == DockFolder::kPackages || name == DockFolder::kStaging) continue;
    if (item->is_directory(ignored))
      sum += bytes_below(item->path());
    else if (const std::uint64_t bytes = item->file_size(ignored); !ignored)
      sum += bytes;
  }
  return sum;
}

std::uint64_t less(std::uint64_t from, std::uint64_t amount) { return from - std::min(from, amount); }

}  // namespace

SpaceHold::~SpaceHold() { release(); }

void SpaceHold::release() {
  if (space_ != nullptr) space_->give_back(std::exchange(held_, 0), std::exchange(unwritten_, 0));
}

Result<void> SpaceHold::take(std::uint64_t bytes) {
  if (space_ == nullptr) return {};
  LEARNDOCK_CHECK(space_->hold(bytes));
  held_ += bytes;
  unwritten_ += bytes;
  return {};
}

void SpaceHold::written() {
  if (space_ != nullptr) space_->written(std::exchange(unwritten_, 0));
}

DiskSpace::DiskSpace(fs::path dock, const SpaceLimits& limits, DiskProbe probe)
    : dock_(std::move(dock)),
      limits_(limits),
      probe_(probe ? std::move(probe) : DiskProbe([this] { return room_of(dock_); })),
      reserve_(dock_) {}

/// Free bytes that uploads must leave. A reserve that was given up is included: the next deletion on a full
/// disk needs it.
std::uint64_t DiskSpace::wanted_free(const DiskRoom& room) const {
  const std::uint64_t least =
      limits_.min_free_bytes.value_or(std::min(kMinFreeBytes, room.total_bytes / kMinFreeShare));
  return least + (reserve_.there() ? 0 : DiskReserve::bytes_for(room.total_bytes));
}

std::uint64_t DiskSpace::dock_bytes() {
  if (!packages_) packages_ = bytes_below(DockFolder(dock_).packages());
  const auto now = std::chrono::steady_clock::now();
  if (looked_ == std::chrono::steady_clock::time_point{} || now - looked_ > kLookAgain) {
    others_ = bytes_beside_packages(dock_);
    looked_ = now;
  }
  return *packages_ + others_;
}

Result<void> DiskSpace::fits(const DiskRoom& room, std::uint64_t bytes, std::uint64_t given_up) {
  const std::uint64_t free = less(room.free_bytes, unwritten_) + given_up, wanted = wanted_free(room);
  // Written so that no announced length, however long, overflows.
  if (free < wanted || free - wanted < bytes)
    return fail(ErrorCode::no_space,
                fmt::format("the dock's disk has {} bytes free, {} of them stay free, and {} more are needed",
                            free, wanted, bytes),
                {},
                "free some space on the disk, or delete learnwares: while it is this full that frees their "
                "room at once; nothing was stored");
  if (limits_.max_dock_bytes == 0) return {};
  const std::uint64_t used = less(dock_bytes() + held_, given_up);
  if (used < limits_.max_dock_bytes && limits_.max_dock_bytes - used >= bytes) return {};
  return fail(
      ErrorCode::no_space,
      fmt::format("the dock takes {} of the {} bytes that it may take, and {} more are needed", used,
                  limits_.max_dock_bytes, bytes),
      {},
      "delete learnwares, or ask the dock's owner for a larger --max-dock-bytes or for learndock purge "
      "--deleted; nothing was stored");
}

Result<void> DiskSpace::room_for(std::uint64_t bytes) {
  const Lock lock(mutex_);
  LEARNDOCK_TRY(const DiskRoom room, probe_());
  return fits(room, bytes);
}

bool DiskSpace::would_fit(std::uint64_t bytes, std::uint64_t given_up) {
  const Lock lock(mutex_);
  const auto room = probe_();
  return room && fits(*room, bytes, given_up);
}

Result<void> DiskSpace::hold(std::uint64_t bytes) {
  auto held = try_hold(bytes);
  if (held || held.error().code != ErrorCode::no_space || !make_room_) return held;
  make_room_(bytes);
  return try_hold(bytes);
}

Result<void> DiskSpace::try_hold(std::uint64_t bytes) {
  const Lock lock(mutex_);
  LEARNDOCK_TRY(const DiskRoom room, probe_());
  LEARNDOCK_CHECK(fits(room, bytes));
  held_ += bytes;
  unwritten_ += bytes;
  return {};
}

void DiskSpace::written(std::uint64_t bytes) {
  const Lock lock(mutex_);
  unwritten_ -= bytes;
}

void DiskSpace::give_back(std::uint64_t held, std::uint64_t unwritten) {
  const Lock lock(mutex_);
  held_ -= held;
  unwritten_ -= unwritten;
}

void DiskSpace::stored(std::uint64_t bytes) {
  const Lock lock(mutex_);
  if (packages_) *packages_ += bytes;
  looked_ = {};  // the catalogue grew, too
}

void DiskSpace::removed(std::uint64_t bytes) {
  const Lock lock(mutex_);
  if (packages_) *packages_ = less(*packages_, bytes);
}

bool DiskSpace::short_of_disk() {
  const Lock lock(mutex_);
  const auto room = probe_();
  return room && less(room->free_bytes, unwritten_) <= wanted_free(*room);
}

bool DiskSpace::short_of_room() {
  if (short_of_disk()) return true;
  if (limits_.max_dock_bytes == 0) return false;
  const Lock lock(mutex_);
  return dock_bytes() > limits_.max_dock_bytes - limits_.max_dock_bytes / kQuotaShare;
}

DiskStatus DiskSpace::status() {
  const Lock lock(mutex_);
  DiskStatus status;
  status.dock_bytes = dock_bytes();
  const auto room = probe_();
  if (!room) {
    status.read_only = describe(room.error());
    return status;
  }
  status.free_bytes = room->free_bytes;
  if (auto one = fits(*room, 1); !one) status.read_only = one.error().message;
  return status;
}

void DiskSpace::prepare_opening(bool count) {
  /// Room for SQLite's log and shared memory, a folder, and some to spare.
  constexpr std::uint64_t kOpeningBytes = std::uint64_t{1} << 20;
  const Lock lock(mutex_);
  if (count || limits_.max_dock_bytes > 0) static_cast<void>(dock_bytes());
  const auto room = probe_();
  if (room && room->free_bytes < kOpeningBytes) reserve_.release();
}

bool DiskSpace::release_reserve() {
  const Lock lock(mutex_);
  looked_ = {};
  return reserve_.release();
}

void DiskSpace::keep_reserve() {
  const Lock lock(mutex_);
  if (reserve_.there()) return;
  const auto room = probe_();
  if (room && less(room->free_bytes, unwritten_) >= wanted_free(*room))
    reserve_.create(DiskReserve::bytes_for(room->total_bytes));
  looked_ = {};
}

}  // namespace learndock::dock
