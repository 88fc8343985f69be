#include "learndock/index/snapshot.hpp"

#include "index/utf8.hpp"

#include <utility>

namespace learndock::index {
namespace {

char32_t lower(char32_t point) {
  if (point >= U'A' && point <= U'Z') return point + 32;
  if (point < 0x80) return point;
  if (point >= 0xC0 && point <= 0xDE && point != 0xD7) return point + 32;     // Latin-1
  if (point >= 0x391 && point <= 0x3A9 && point != 0x3A2) return point + 32;  // Greek
  if (point >= 0x410 && point <= 0x42F) return point + 32;                    // Cyrillic
  if (point >= 0x400 && point <= 0x40F) return point + 80;
  return point;
}

}  // namespace

std::shared_ptr<const Snapshot> SnapshotHolder::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void SnapshotHolder::replace(std::shared_ptr<const Snapshot> next) {
  // The old snapshot is released outside the lock: freeing many entries takes time.
  {
    const std::lock_guard lock(mutex_);
    current_.swap(next);
  }
}

std::string fold_case(std::string_view utf8) {
  std::u32string points = to_code_points(utf8);
  for (char32_t& point : points) point = lower(point);
  return to_utf8(points);
}

}  // namespace learndock::index
