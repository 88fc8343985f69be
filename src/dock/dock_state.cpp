#include "dock/dock_state.hpp"

#include "learndock/compute/registry.hpp"

#include "base/log.hpp"
#include "base/parallel.hpp"
#include "dock/index/stored_index.hpp"
#include "dock/index_keeper.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/dock_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace learndock::dock {

Result<void> compute_self_terms(std::span<learnwares::EntryFields> entries, const compute::Backend& backend) {
  std::vector<learnwares::EntryFields*> compared;
  std::vector<compute::ReducedSetView> views;
  for (learnwares::EntryFields& entry : entries)
    if (entry.specification && entry.specification->kind->comparable() && std::isnan(entry.self_inner)) {
      compared.push_back(&entry);
      views.push_back(entry.specification->view());
    }
  std::vector<double> self(views.size());
  LEARNDOCK_CHECK(backend.self_inner_products(views, self));
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->self_inner = self[i];
  return {};
}

namespace {

/// The most bytes that records take in the catalogue. Text search keeps their texts once more, with trigrams.
std::uint64_t row_bytes(std::span<const catalog::LearnwareRecord> records) {
  constexpr std::uint64_t kTextCopies = 4;
  std::uint64_t bytes = 0;
  for (const catalog::LearnwareRecord& record : records)
    bytes += record.statistical.size() + kTextCopies * record.semantic_json.size();
  return bytes;
}

}  // namespace

Dock::State::State() = default;
Dock::State::~State() = default;

Result<void> Dock::State::writable() const {
  if (!options.read_only) return {};
  return fail(ErrorCode::read_only, "the dock is open for reading only", directory.string(),
              "see why its folder cannot be written, then open it again");
}

void Dock::State::keep_mark() {
  if (options.read_only) return;
  CatalogMark mark;
  mark.records = snapshots.current()->entries.size();
  {
    const Lock hold(finding);
    mark.records += damaged.size();
  }
  const auto counters = catalog->counters();
  if (counters) mark.counters = *counters;
  const auto written = counters ? write_mark(directory, mark) : Result<void>(Failure(counters.error()));
  if (!written && !std::exchange(mark_failed, true))
    log(LogLevel::warning,
        "a catalogue that loses records would not be noticed: " + describe(written.error()));
}

Result<void> Dock::State::load(const store::IndexVersion& stored) {
  const Lock one(storing);
  const Lock writing(writer);
  learnwares::Snapshot first;
  LEARNDOCK_TRY(first.version, catalog->version());
  OpenedIndex opened = open_index(stored, backend, used_threads());
  kernels = opened.kernels;
  LEARNDOCK_TRY(const std::vector<LearnwareNumber> live, catalog->sequences());
  LEARNDOCK_CHECK(drop_foreign_parts(*catalog, live, opened));
  for (const std::string& problem : opened.problems)
    log(LogLevel::warning, "the stored index is not used, every learnware is compared: " + problem);
  const LoadOptions loading{kernels, used_threads(), [&](LearnwareNumber key) { return opened.holds(key); },
                            options.read_only ? SIZE_MAX : options.entries_from};
  LEARNDOCK_TRY(const LoadedEntries loaded,
                load_entries(*catalog, live, DockFolder(directory).learnware_cache(), traits, loading));
  note_damage(loaded.damaged);
  stored_to = loaded.stored_to();
  first.kernels = kernels;
  first.semantic = std::make_shared<learnwares::SemanticIndex>();
  first.parts = live_parts(std::move(opened), stored.number, loaded.entries);
  if (loaded.file) first.entry_files.push_back(loaded.file);
  publish(std::move(first), loaded.entries);
  if (loaded.file) loaded.file->release_pages();
  keep_mark();
  return {};
}

void Dock::State::store_entries() {
  const Lock one(storing);
  const auto seen = snapshots.current();
  if (!pays_to_write(seen->entries, stored_to, options.entries_from)) return;
  const auto file = write_entries(*catalog, seen->version, DockFolder(directory).learnware_cache(),
                                  seen->entries, used_threads());
  if (const auto intact = seen->entries_intact(); !intact) {  // the new file may have zeros in their place
    std::error_code ignored;                                  // it is looked at again at the next opening
    std::filesystem::remove(DockFolder(directory).learnware_cache(), ignored);
    log(LogLevel::warning, "the learnware cache was not kept: " + describe(intact.error()));
    return;
  }
  stored_to = seen->entries.back()->sequence();  // so a full disk is not tried again for each insert
  if (!file) {
    log(LogLevel::warning, "the next opening takes longer: " + describe(file.error()));
    return;
  }
  const Lock writing(writer);
  learnwares::Snapshot next = *snapshots.current();
  map_entries(*file, kernels, next.entries);
  std::erase_if(next.entry_files, [](const auto& file_before) { return file_before.expired(); });
  next.entry_files.push_back(*file);
  publish(std::move(next), {});
  (*file)->release_pages();
}

Result<std::shared_ptr<const compute::Backend>> Dock::State::backend_named(const std::string& name) {
  if (name.empty() || name == backend->name()) return backend;
  const Lock held(asking);
  std::shared_ptr<const compute::Backend>& known = asked[name];
  if (!known) {
    auto opened = compute::open_backend(name, options.threads);
    if (!opened) {
      asked.erase(name);
      return Failure(std::move(opened).error());
    }
    // By another name ("auto") it may be the dock's own.
    known = (*opened)->name() == backend->name() ? backend : std::move(*opened);
  }
  return known;
}

unsigned Dock::State::used_threads() const { return options.threads == 0 ? usable_cores() : options.threads; }

void Dock::State::publish(learnwares::Snapshot next,
                          std::span<const std::shared_ptr<const learnwares::Entry>> added) {
  const std::size_t known = next.entries.size();
  next.backend = backend->name();
  next.entries.insert(next.entries.end(), added.begin(), added.end());
  for (const auto& entry : added) next.specification_bytes += entry->specification_bytes();
  if (next.parts) learnwares::count_added(next, added);
  const std::span entries(next.entries);
  const bool remade = next.semantic->sparse();
  next.semantic = std::make_shared<learnwares::SemanticIndex>(
      remade ? learnwares::SemanticIndex::of(entries) : next.semantic->extended(entries.subspan(known)));
  learnwares::find_filter_bits(next, remade);
  snapshots.replace(std::make_shared<learnwares::Snapshot>(std::move(next)));
}

void Dock::State::withdraw(LearnwareNumber sequence) {
  learnwares::Snapshot next = *snapshots.current();
  ++next.version;
  const auto gone =
      std::lower_bound(next.entries.begin(), next.entries.end(), sequence,
                       [](const auto& entry, LearnwareNumber wanted) { return entry->sequence() < wanted; });
  if (gone != next.entries.end() && (*gone)->sequence() == sequence) {
    next.specification_bytes -= (*gone)->specification_bytes();
    if (next.parts) {
      learnwares::count_removed(next, **gone);
      next.parts = std::make_shared<learnwares::DockParts>(next.parts->without(sequence));
    }
    next.semantic = std::make_shared<learnwares::SemanticIndex>(next.semantic->without(
        learnwares::SnapshotPosition::at(static_cast<std::size_t>(gone - next.entries.begin()))));
    next.entries.erase(gone);
  }
  publish(std::move(next), {});
  {
    const Lock hold(finding);
    damaged.erase(sequence);
  }
  keep_mark();
}

void Dock::State::give_up_deleted(std::span<const catalog::LearnwareRecord> records) {
  give_up_deleted(row_bytes(records));
}

Result<std::vector<catalog::LearnwareRecord>> Dock::State::insert(
    std::span<const catalog::LearnwareRecord> records, NewEntries entries) {
  LEARNDOCK_CHECK(space->room_for(row_bytes(records)));
  LEARNDOCK_CHECK(compute_self_terms(entries, *backend));
  LEARNDOCK_TRY(std::vector<catalog::LearnwareRecord> stored, catalog->insert(records));
  std::vector<std::shared_ptr<const learnwares::Entry>> added;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    entries[i].id = stored[i].id;
    entries[i].sequence = stored[i].sequence;
    added.push_back(learnwares::make_entry(std::move(entries[i]), &traits));
  }
  // The catalogue's counter grew by one too, and no other process writes it.
  learnwares::Snapshot next = *snapshots.current();
  ++next.version;
  publish(std::move(next), added);
  keep_mark();
  if (keeper) keeper->notify();
  return stored;
}

void Dock::State::note_damage(const std::vector<DamagedRecord>& found) {
  constexpr std::size_t kLogged = 20;
  std::size_t logged = 0;
  const Lock hold(finding);
  for (const DamagedRecord& one : found) {
    if (!damaged.emplace(one.sequence, one).second) continue;
    if (++logged <= kLogged)
      log(LogLevel::error,
          fmt::format("the record of learnware {} is damaged and left out: {}", one.id.text(), one.why));
  }
  if (logged > 0)
    log(LogLevel::error,
        fmt::format("{} damaged record{} left out; mend what can be mended: learndock check {} --repair",
                    logged, logged == 1 ? " is" : "s are", directory.string()));
}

Result<void> Dock::State::say_unindexed() const {
  LEARNDOCK_TRY(const std::uint64_t records, catalog->count());
  // Every opening for writing makes the folder: where there are records, it was there.
  if (records > 0)
    log(LogLevel::warning,
        fmt::format(
            "the stored index is missing, every learnware is compared: {} is not there; make it again: "
            "learndock reindex --dock {}",
            DockFolder(directory).index().string(), directory.string()));
  return {};
}

Result<void> Dock::State::count_orphans() {
  LEARNDOCK_TRY(const std::vector<std::string> digests, blobs->list());
  std::uint64_t unnamed = 0;
  for (const std::string& digest : digests) {
    LEARNDOCK_TRY(const bool named, catalog->has_package(digest));
    if (!named) ++unnamed;
  }
  {
    const Lock hold(finding);
    orphans = unnamed;
  }
  if (unnamed > 0)
    log(LogLevel::warning,
        fmt::format("{} package{} named by no record; nothing is removed. Take them in again: learndock "
                    "check {} --repair; "
                    "remove them: learndock purge {} --orphans",
                    unnamed, unnamed == 1 ? " is" : "s are", directory.string(), directory.string()));
  return {};
}

}  // namespace learndock::dock
