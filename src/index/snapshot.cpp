#include "learndock/index/snapshot.hpp"

#include "learndock/index/entry_file.hpp"

#include "index/lower_case.hpp"
#include "index/utf8.hpp"

#include <algorithm>
#include <string>
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

Result<void> Snapshot::entries_intact() const {
  for (const auto& one : entry_files)
    if (const auto file = one.lock()) LEARNDOCK_CHECK(file->intact());
  return {};
}

Result<void> Snapshot::intact() const {
  LEARNDOCK_CHECK(entries_intact());
  if (parts)
    for (const auto& part : parts->parts) LEARNDOCK_CHECK(part->part->segment()->intact());
  return {};
}

const Entry* Snapshot::entry_of(std::uint64_t sequence) const {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), sequence,
                       [](const auto& entry, std::uint64_t wanted) { return entry->sequence() < wanted; });
  return found == entries.end() || (*found)->sequence() != sequence ? nullptr : found->get();
}

Result<compute::ReducedSetView> Snapshot::set_of(const Entry& entry, std::vector<double>& memory) const {
  if (entry.specification() != nullptr) return entry.specification()->view();
  if (parts)
    for (const auto& part : parts->parts)
      if (const auto item = part->item_of(entry.sequence())) return part->part->set(*item, memory);
  return fail(ErrorCode::internal, "no part of the index holds the reduced set", std::string(entry.id()));
}

void place_parts(Snapshot& snapshot, bool anew) {
  if (!snapshot.parts) return;
  const auto is_placed = [&](const auto& part) { return part->places && !anew; };
  if (std::all_of(snapshot.parts->parts.begin(), snapshot.parts->parts.end(), is_placed)) return;
  std::vector<std::uint64_t> sequences;
  sequences.reserve(snapshot.entries.size());
  for (const auto& entry : snapshot.entries) sequences.push_back(entry->sequence());
  auto parts = std::make_shared<DockParts>(*snapshot.parts);
  for (auto& part : parts->parts) {
    if (is_placed(part)) continue;
    auto placed = std::make_shared<LivePart>(*part);
    placed->places = std::make_shared<PartPlaces>(part->part->keys(), sequences, *snapshot.semantic);
    part = std::move(placed);
  }
  snapshot.parts = std::move(parts);
}

void count_added(Snapshot& snapshot, std::span<const std::shared_ptr<const Entry>> added) {
  // Neighbours mostly share their traits and gamma: a space is looked up once for each run of them.
  const Traits* traits = nullptr;
  double gamma = 0;
  std::size_t* count = nullptr;
  for (const auto& entry : added) {
    if (!entry->has_specification()) {
      ++snapshot.without_specification;
      continue;
    }
    if (count == nullptr || traits != &entry->traits() || gamma != entry->gamma()) {
      traits = &entry->traits();
      gamma = entry->gamma();
      count = &snapshot.spaces[entry->space()];
    }
    ++*count;
    if (entry->specification() != nullptr) snapshot.plain.push_back(entry);
  }
}

void count_removed(Snapshot& snapshot, const Entry& entry) {
  if (!entry.has_specification()) {
    --snapshot.without_specification;
    return;
  }
  const auto space = snapshot.spaces.find(entry.space());
  if (space != snapshot.spaces.end() && --space->second == 0) snapshot.spaces.erase(space);
  if (entry.specification() != nullptr)
    std::erase_if(snapshot.plain, [&](const auto& one) { return one->sequence() == entry.sequence(); });
}

void count_spaces(Snapshot& snapshot) {
  snapshot.plain.clear();
  snapshot.spaces.clear();
  snapshot.without_specification = 0;
  count_added(snapshot, snapshot.entries);
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
