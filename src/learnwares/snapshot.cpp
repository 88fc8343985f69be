#include "learnwares/snapshot.hpp"

#include "learnwares/entry_file.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace learndock::learnwares {
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

const Entry* Snapshot::entry_of(LearnwareNumber sequence) const {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), sequence,
                       [](const auto& entry, LearnwareNumber wanted) { return entry->sequence() < wanted; });
  return found == entries.end() || (*found)->sequence() != sequence ? nullptr : found->get();
}

Result<compute::ReducedSetView> Snapshot::set_of(const Entry& entry, std::vector<double>& memory) const {
  if (entry.specification() != nullptr) return entry.specification()->view();
  if (parts)
    for (const auto& part : parts->parts)
      if (const auto item = part->item_of(entry.sequence())) return part->part->set(*item, memory);
  return fail(ErrorCode::internal, "no part of the index holds the reduced set", std::string(entry.id()));
}

void find_filter_bits(Snapshot& snapshot, bool all) {
  if (!snapshot.parts) return;
  const auto is_known = [&](const auto& part) { return part->filter_bits && !all; };
  if (std::all_of(snapshot.parts->parts.begin(), snapshot.parts->parts.end(), is_known)) return;
  std::vector<LearnwareNumber> sequences;
  sequences.reserve(snapshot.entries.size());
  for (const auto& entry : snapshot.entries) sequences.push_back(entry->sequence());
  auto parts = std::make_shared<DockParts>(*snapshot.parts);
  for (auto& part : parts->parts) {
    if (is_known(part)) continue;
    auto made = std::make_shared<LivePart>(*part);
    made->filter_bits = std::make_shared<FilterBitsOfPart>(part->part->keys(), sequences, *snapshot.semantic);
    part = std::move(made);
  }
  snapshot.parts = std::move(parts);
}

void count_added(Snapshot& snapshot, std::span<const std::shared_ptr<const Entry>> added) {
  // Neighbours mostly share their traits and kernel: a space is looked up once for each run of such entries.
  const Traits* traits = nullptr;
  compute::Kernel kernel;
  std::size_t* count = nullptr;
  for (const auto& entry : added) {
    if (!entry->has_specification()) {
      ++snapshot.without_specification;
      continue;
    }
    if (count == nullptr || traits != &entry->traits() || kernel != entry->kernel()) {
      traits = &entry->traits();
      kernel = entry->kernel();
      count = &snapshot.spaces[entry->space()];
    }
    ++*count;
    if (entry->specification() != nullptr) snapshot.unindexed.push_back(entry);
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
    std::erase_if(snapshot.unindexed, [&](const auto& one) { return one->sequence() == entry.sequence(); });
}

void count_spaces(Snapshot& snapshot) {
  snapshot.unindexed.clear();
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

}  // namespace learndock::learnwares
