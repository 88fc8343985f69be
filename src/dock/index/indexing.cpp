#include "dock/index/indexing.hpp"

#include "base/log.hpp"
#include "dock/index/lost_files.hpp"
#include "dock/index/part_maker.hpp"
#include "dock/index/stored_index.hpp"
#include "dock/view/further.hpp"
#include "io/disk.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>
#include <vector>

namespace learndock::dock {

Indexing::Indexing(Truth& truth, View& view, std::shared_ptr<const compute::Backend> backend,
                   const IndexingOptions& options)
    : truth_(truth), view_(view), backend_(std::move(backend)), options_(options) {}

Result<void> Indexing::open() {
  const std::filesystem::path folder = truth_.folder().index();
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) LEARNDOCK_CHECK(say_unindexed());
  if (truth_.read_only()) {
    LEARNDOCK_TRY(const store::IndexVersion stored,
                  store::read_index(folder, specification::check_kernels_text));
    return load(stored);
  }
  LEARNDOCK_TRY(store_, store::IndexStore::open(folder, specification::check_kernels_text));
  return load(*store_->current());
}

Result<void> Indexing::say_unindexed() const {
  LEARNDOCK_TRY(const std::uint64_t records, truth_.catalog().count());
  // Every opening for writing makes the folder: where there are records, it was there.
  if (records > 0)
    log(LogLevel::warning,
        fmt::format(
            "the stored index is missing, every learnware is compared: {} is not there; make it again: "
            "learndock reindex --dock {}",
            truth_.folder().index().string(), truth_.directory().string()));
  return {};
}

LoadOptions Indexing::loading(const specification::SpaceKernels& kernels, HeldByPart held) const {
  return {kernels, options_.threads, std::move(held), truth_.read_only() ? SIZE_MAX : options_.entries_from};
}

Result<void> Indexing::load(const store::IndexVersion& stored) {
  const Lock one(storing_);
  const Lock writing(truth_.writer());
  const catalog::Catalog& catalog = truth_.catalog();
  learnwares::Snapshot first;
  LEARNDOCK_TRY(first.version, catalog.version());
  OpenedIndex opened = open_index(stored, backend_, options_.threads);
  const specification::SpaceKernels kernels = opened.kernels;
  LEARNDOCK_TRY(const std::vector<LearnwareNumber> live, catalog.sequences());
  LEARNDOCK_CHECK(drop_foreign_parts(catalog, live, opened));
  for (const std::string& problem : opened.problems)
    log(LogLevel::warning, "the stored index is not used, every learnware is compared: " + problem);
  const auto held = [&](LearnwareNumber key) { return opened.holds(key); };
  LEARNDOCK_TRY(const LoadedEntries loaded, load_entries(catalog, live, truth_.folder().learnware_cache(),
                                                         view_.traits(), loading(kernels, held)));
  truth_.note_damage(loaded.damaged);
  stored_to_ = loaded.stored_to();
  first.kernels = kernels;
  first.semantic = std::make_shared<learnwares::SemanticIndex>();
  first.parts = live_parts(std::move(opened), stored.number, loaded.entries);
  if (loaded.file) first.entry_files.push_back(loaded.file);
  LEARNDOCK_CHECK(load_further(loaded.entries, first));
  view_.publish(truth_, std::move(first), loaded.entries);
  if (loaded.file) loaded.file->release_pages();
  truth_.keep_mark(view_.current()->entries.size());
  return {};
}

Result<void> Indexing::load_further(std::span<const std::shared_ptr<const learnwares::Entry>> entries,
                                    learnwares::Snapshot& snapshot) {
  return truth_.catalog().visit_further([&](LearnwareNumber sequence, std::string_view packed) {
    const auto owner = std::lower_bound(
        entries.begin(), entries.end(), sequence,
        [](const auto& entry, LearnwareNumber wanted) { return entry->sequence() < wanted; });
    // The record of a learnware that has no entry is damaged, and is left out as a whole.
    if (owner != entries.end() && (*owner)->sequence() == sequence)
      show_further(snapshot, **owner, packed, view_.traits());
  });
}

Result<bool> Indexing::tend() {
  const Lock tending(tending_);
  // The index only gives speed, so the rest of the disk is left to packages and deletions.
  if (truth_.space().short_of_disk())
    return fail(ErrorCode::no_space, "the disk of the dock is nearly full", {},
                "free some space; searches find the same without it");
  const auto snapshot = view_.current();
  PartMaker parts(truth_, view_, *store_, backend_, options_.threads, stopping_);
  // One space that cannot be stored or merged holds up neither the others nor the learnware cache.
  Result<bool> done = false;
  for (const auto& [key, entries] : spaces_worth_a_part(*snapshot, options_.index_from)) {
    auto written = parts.write(*snapshot, key, entries);
    if (written) return true;
    done = pass_on(std::move(written).error(), key.text());
  }
  for (const auto& [key, small] : small_parts(*snapshot)) {
    auto merged = parts.merge(*snapshot, small);
    if (merged) return true;
    // The learnwares of a damaged part are in memory once it is given up, and are then written to a new part.
    if (merged.error().code == ErrorCode::corrupt && give_up_lost(*snapshot)) return true;
    done = pass_on(std::move(merged).error(), key.text());
  }
  store_entries();
  return done;
}

void Indexing::store_entries() {
  const Lock one(storing_);
  const std::filesystem::path cache = truth_.folder().learnware_cache();
  const auto seen = view_.current();
  if (!pays_to_write(seen->entries, stored_to_, options_.entries_from)) return;
  const auto file = write_entries(truth_.catalog(), seen->version, cache, seen->entries, options_.threads);
  if (const auto intact = seen->entries_intact(); !intact) {  // the new file may have zeros in their place
    io::disk::remove_any(cache);                              // else the next opening looks at it again
    log(LogLevel::warning, "the learnware cache was not kept: " + describe(intact.error()));
    return;
  }
  stored_to_ = seen->entries.back()->sequence();  // so a full disk is not tried again for each insert
  if (file)
    map_cache(*file);
  else
    log(LogLevel::warning, "the next opening takes longer: " + describe(file.error()));
}

void Indexing::map_cache(const std::shared_ptr<const learnwares::EntryFile>& file) {
  const Lock writing(truth_.writer());
  learnwares::Snapshot next = *view_.current();
  map_entries(file, next.kernels, next.entries);
  std::erase_if(next.entry_files, [](const auto& file_before) { return file_before.expired(); });
  next.entry_files.push_back(file);
  view_.publish(truth_, std::move(next), {});
  file->release_pages();
}

bool Indexing::give_up_lost(const learnwares::Snapshot& seen) {
  const bool parts_changed = drop_damaged_parts(seen.parts);
  return replace_lost_entries() || parts_changed;
}

bool Indexing::drop_damaged_parts(const std::shared_ptr<const learnwares::DockParts>& seen) {
  const Lock writing(truth_.writer());
  learnwares::Snapshot next = *view_.current();
  if (next.parts != seen) return true;  // another thread found the damage first
  if (!next.parts) return false;
  auto parts = std::make_shared<learnwares::DockParts>(*next.parts);
  std::erase_if(parts->parts, [&](const auto& part) {
    const auto damage = damage_of(*part->part->segment(), options_.threads);
    if (damage) log(LogLevel::error, "a part of the stored index is given up: " + describe(*damage));
    return damage.has_value();
  });
  if (parts->parts.size() == next.parts->parts.size()) return false;
  const auto held = [&](LearnwareNumber key) { return parts->holds(key); };
  const auto damaged = take_missing_sets(truth_.catalog(), loading(next.kernels, held), next.entries);
  if (!damaged) {
    log(LogLevel::error, "the learnwares of the damaged part cannot be read: " + describe(damaged.error()));
    return false;
  }
  if (damaged->empty()) {
    next.parts = std::move(parts);
    learnwares::count_spaces(next);
    view_.publish(truth_, std::move(next), {});
    return true;
  }
  truth_.note_damage(*damaged);
  for (const DamagedRecord& one : *damaged)
    parts = std::make_shared<learnwares::DockParts>(parts->without(one.sequence));
  view_.publish(truth_, fresh_snapshot(next, parts), next.entries);
  return true;
}

bool Indexing::replace_lost_entries() {
  const Lock one(storing_);
  const Lock writing(truth_.writer());
  const auto current = view_.current();
  const auto intact = current->entries_intact();
  if (intact) return false;
  log(LogLevel::error, "the learnware cache is given up: " + describe(intact.error()));
  const auto held = [&](LearnwareNumber key) { return current->parts && current->parts->holds(key); };
  const auto live = truth_.catalog().sequences();
  const auto loaded = live ? load_entries(truth_.catalog(), *live, truth_.folder().learnware_cache(),
                                          view_.traits(), loading(current->kernels, held))
                           : Result<LoadedEntries>(Failure(live.error()));
  if (!loaded) {
    log(LogLevel::error, "the learnwares of the lost cache cannot be read: " + describe(loaded.error()));
    return false;
  }
  truth_.note_damage(loaded->damaged);
  stored_to_ = loaded->stored_to();
  learnwares::Snapshot next = fresh_snapshot(*current, current->parts);
  next.entry_files.clear();
  if (loaded->file) next.entry_files.push_back(loaded->file);
  view_.publish(truth_, std::move(next), loaded->entries);
  return true;
}

}  // namespace learndock::dock
