#include "learndock/index/snapshot.hpp"

#include "index/lower_case.hpp"
#include "index/utf8.hpp"

#include <algorithm>
#include <utility>

namespace learndock::index {
namespace {

constexpr char32_t kSigma = 0x3A3, kFinalSigma = 0x3C2, kDottedI = 0x130, kDotAbove = 0x307;

/// Letters that have case, as far as a capital sigma can stand among them.
bool cased(char32_t point) {
  if (point < 0x80) return (point | 0x20) >= U'a' && (point | 0x20) <= U'z';
  return (point >= 0xC0 && point < 0x250) || (point >= 0x370 && point < 0x530) ||
         (point >= 0x1E00 && point < 0x2000);
}

}  // namespace

const Entry* Snapshot::entry_of(std::uint64_t sequence) const {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), sequence,
                       [](const auto& entry, std::uint64_t wanted) { return entry->sequence < wanted; });
  return found == entries.end() || (*found)->sequence != sequence ? nullptr : found->get();
}

void place_parts(Snapshot& snapshot, bool anew) {
  if (!snapshot.parts) return;
  const auto is_placed = [&](const auto& part) { return part->places && !anew; };
  if (std::all_of(snapshot.parts->parts.begin(), snapshot.parts->parts.end(), is_placed)) return;
  std::vector<std::uint64_t> sequences;
  sequences.reserve(snapshot.entries.size());
  for (const auto& entry : snapshot.entries) sequences.push_back(entry->sequence);
  auto parts = std::make_shared<DockParts>(*snapshot.parts);
  for (auto& part : parts->parts) {
    if (is_placed(part)) continue;
    auto placed = std::make_shared<LivePart>(*part);
    placed->places = std::make_shared<PartPlaces>(part->part->keys(), sequences, *snapshot.semantic);
    part = std::move(placed);
  }
  snapshot.parts = std::move(parts);
}

void count_entry(Snapshot& snapshot, const std::shared_ptr<const Entry>& entry, int change) {
  if (!entry->specification) {
    snapshot.without_specification += static_cast<std::size_t>(change);
    return;
  }
  const SpaceKey key = SpaceKey::of(*entry->specification);
  auto& count = snapshot.spaces[key];
  count += static_cast<std::size_t>(change);
  if (count == 0) snapshot.spaces.erase(key);
  if (snapshot.parts && snapshot.parts->holds(entry->sequence)) return;
  if (change > 0)
    snapshot.plain.push_back(entry);
  else
    std::erase_if(snapshot.plain, [&](const auto& one) { return one->sequence == entry->sequence; });
}

void count_spaces(Snapshot& snapshot) {
  snapshot.plain.clear();
  snapshot.spaces.clear();
  snapshot.without_specification = 0;
  for (const auto& entry : snapshot.entries) count_entry(snapshot, entry, 1);
}

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
  const std::u32string points = to_code_points(utf8);
  std::u32string folded;
  folded.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i] == kSigma && i > 0 && cased(points[i - 1]) &&
        (i + 1 == points.size() || !cased(points[i + 1]))) {
      folded += kFinalSigma;
    } else if (points[i] == kDottedI) {
      folded += {U'i', kDotAbove};
    } else {
      folded += to_lower(points[i]);
    }
  }
  return to_utf8(folded);
}

}  // namespace learndock::index
