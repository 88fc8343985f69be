// Handles mapped files of the index, and the learnware cache, that are lost while the dock is open: damaged,
// shortened, or unreadable on their disk. The catalogue has all that such a file had.
#include "base/log.hpp"
#include "dock/dock_state.hpp"
#include "dock/index_keeper.hpp"
#include "dock/truth/dock_folder.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace learndock::dock {
namespace {

/// The reason why a part can no longer be used; none when it can. Its file is opened again, because the
/// damage may have come after the first check. The mapped content may also be gone although the disk can read
/// the file again.
std::optional<Error> damage_of(const store::Segment& segment, unsigned threads) {
  const auto sound = store::Segment::open(segment.path(), {.everything = true, .threads = threads});
  if (!sound && (sound.error().code == ErrorCode::corrupt || sound.error().code == ErrorCode::io))
    return sound.error();
  const auto mapped = segment.intact();
  return mapped ? std::nullopt : std::optional(mapped.error());
}

/// The parts without their maps from filter bits, for a semantic index that is built from the beginning.
std::shared_ptr<const learnwares::DockParts> placed_nowhere(
    const std::shared_ptr<const learnwares::DockParts>& parts) {
  if (!parts) return nullptr;
  auto fresh = std::make_shared<learnwares::DockParts>(*parts);
  for (auto& part : fresh->parts) {
    auto moved = std::make_shared<learnwares::LivePart>(*part);
    moved->filter_bits = nullptr;
    part = std::move(moved);
  }
  return fresh;
}

/// An empty snapshot for replaced entries: everything that numbers entries is built again.
learnwares::Snapshot fresh_snapshot(const learnwares::Snapshot& before,
                                    const std::shared_ptr<const learnwares::DockParts>& parts) {
  learnwares::Snapshot fresh;
  fresh.version = before.version;
  fresh.kernels = before.kernels;
  fresh.semantic = std::make_shared<learnwares::SemanticIndex>();
  fresh.entry_files = before.entry_files;
  fresh.parts = placed_nowhere(parts);
  return fresh;
}

}  // namespace

bool Dock::State::drop_damaged_parts(const std::shared_ptr<const learnwares::DockParts>& seen) {
  const Lock writing(writer);
  learnwares::Snapshot next = *snapshots.current();
  if (next.parts != seen) return true;  // another thread found the damage first
  if (!next.parts) return false;
  auto parts = std::make_shared<learnwares::DockParts>(*next.parts);
  std::erase_if(parts->parts, [&](const auto& part) {
    const auto damage = damage_of(*part->part->segment(), used_threads());
    if (damage) log(LogLevel::error, "a part of the stored index is given up: " + describe(*damage));
    return damage.has_value();
  });
  if (parts->parts.size() == next.parts->parts.size()) return false;
  const LoadOptions loading{kernels, used_threads(), [&](LearnwareNumber key) { return parts->holds(key); }};
  const auto damaged_now = take_missing_sets(*catalog, loading, next.entries);
  if (!damaged_now) {
    log(LogLevel::error,
        "the learnwares of the damaged part cannot be read: " + describe(damaged_now.error()));
    return false;
  }
  if (damaged_now->empty()) {
    next.parts = std::move(parts);
    learnwares::count_spaces(next);
    publish(std::move(next), {});
  } else {
    note_damage(*damaged_now);
    for (const DamagedRecord& one : *damaged_now)
      parts = std::make_shared<learnwares::DockParts>(parts->without(one.sequence));
    publish(fresh_snapshot(next, parts), next.entries);
  }
  if (keeper) keeper->notify();
  return true;
}

bool Dock::State::replace_lost_entries() {
  const Lock one(storing);
  const Lock writing(writer);
  const auto current = snapshots.current();
  const auto intact = current->entries_intact();
  if (intact) return false;
  log(LogLevel::error, "the learnware cache is given up: " + describe(intact.error()));
  const auto held = [&](LearnwareNumber key) { return current->parts && current->parts->holds(key); };
  const LoadOptions loading{kernels, used_threads(), held,
                            options.read_only ? SIZE_MAX : options.entries_from};
  const auto live = catalog->sequences();
  const auto loaded =
      live ? load_entries(*catalog, *live, DockFolder(directory).learnware_cache(), traits, loading)
           : Result<LoadedEntries>(Failure(live.error()));
  if (!loaded) {
    log(LogLevel::error, "the learnwares of the lost cache cannot be read: " + describe(loaded.error()));
    return false;
  }
  note_damage(loaded->damaged);
  stored_to = loaded->stored_to();
  learnwares::Snapshot next = fresh_snapshot(*current, current->parts);
  next.entry_files.clear();
  if (loaded->file) next.entry_files.push_back(loaded->file);
  publish(std::move(next), loaded->entries);
  if (keeper) keeper->notify();
  return true;
}

bool Dock::State::give_up_lost(const learnwares::Snapshot& seen) {
  const bool parts_changed = drop_damaged_parts(seen.parts);
  return replace_lost_entries() || parts_changed;
}

}  // namespace learndock::dock
