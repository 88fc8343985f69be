// Deleting learnwares and bringing deleted ones back.
#include "base/log.hpp"
#include "dock/dock_state.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/disk_space.hpp"

#include <fmt/format.h>

#include <mutex>

namespace learndock::dock {
namespace {

/// Runs a deletion; on a full disk the reserve gives SQLite the room for it.
Result<catalog::Catalog::Removed> remove_row(Dock::State& state, const LearnwareId& id) {
  auto removed = state.catalog->remove(id);
  if (removed || removed.error().code != ErrorCode::no_space) return removed;
  if (!state.space->release_reserve()) return removed;
  log(LogLevel::warning, "the disk is full: the dock's reserve is used for a deletion");
  return state.catalog->remove(id);
}

/// Says whether, and under which key, a learnware that is about to be deleted is kept.
struct Keeping {
  bool wanted = false;
  std::string key;
};

/// Writes the record down. A failure is logged, and the deletion goes on without keeping the learnware.
void keep_record(Dock::State& state, const catalog::LearnwareRecord& record, Keeping& keeping) {
  auto key = state.deleted->begin(record);
  keeping.wanted = key.has_value();
  if (key)
    keeping.key = std::move(*key);
  else
    log(LogLevel::warning, fmt::format("learnware {} is removed at once and not kept: {}", record.id.text(),
                                       describe(key.error())));
}

Keeping begin_keeping(Dock::State& state, const LearnwareId& id) {
  Keeping keeping;
  if (!state.deleted->keeps()) return keeping;
  if (state.space->short_of_room()) {
    log(LogLevel::warning,
        fmt::format("learnware {} is removed at once and not kept: there is little room left", id.text()));
    return keeping;
  }
  keeping.wanted = true;
  // A damaged record is written down when the removal has told what it was.
  if (const auto record = state.catalog->find(id)) keep_record(state, *record, keeping);
  return keeping;
}

/// Moves the package of a removed record to the deleted ones, or removes it.
Result<void> remove_package(Dock::State& state, const catalog::LearnwareRecord& record,
                            const std::string& key) {
  if (!key.empty()) {
    auto moved = state.blobs->release(record.package_digest, state.deleted->package_of(key));
    // A package that was lost before its record was deleted.
    if (moved || moved.error().code != ErrorCode::not_found) return moved;
    state.deleted->forget(key);
    return {};
  }
  LEARNDOCK_CHECK(state.blobs->remove(record.package_digest));
  state.space->removed(record.package_bytes);
  return {};
}

void give_up_one(Dock::State& state, const std::string& key) {
  const std::uint64_t freed = state.deleted->forget(key);
  state.space->removed(freed);
  log(LogLevel::warning,
      fmt::format("there is little room left: the deleted learnware {} is no longer kept, {} bytes freed",
                  key, freed));
}

/// A deletion must free room when there is little: removes the oldest kept deletions, each with a line in the
/// log.
void make_room(Dock::State& state) {
  state.space->removed(state.deleted->expire(now_unix_ms()));
  for (const std::string& key : state.deleted->keys()) {
    if (!state.space->short_of_room()) break;
    give_up_one(state, key);
  }
  state.space->keep_reserve();
}

/// Makes the package of a deleted learnware a blob again.
Result<void> adopt_again(Dock::State& state, const std::string& key, const catalog::LearnwareRecord& record) {
  if (record.package_digest.empty()) return {};
  LEARNDOCK_TRY(const bool named, state.catalog->has_package(record.package_digest));
  if (named)
    return fail(ErrorCode::package_duplicate, "a learnware with exactly these files is in the dock again",
                record.id.text(), "use that learnware");
  LEARNDOCK_TRY(const std::string digest, state.blobs->adopt(state.deleted->package_of(key)));
  if (digest == record.package_digest) return {};
  LEARNDOCK_CHECK(state.blobs->release(digest, state.deleted->package_of(key)));
  return fail(ErrorCode::corrupt, "the package of the deleted learnware is damaged", record.id.text(),
              "send the package again");
}

}  // namespace

void Dock::State::watch_disk() {
  SpaceLimits room{options.max_dock_bytes.value_or(limits.max_dock_bytes), options.min_free_bytes};
  // The usual value is too much for a small disk, so there it counts only when it was asked for.
  if (!room.min_free_bytes && limits.min_free_bytes != DockLimits{}.min_free_bytes)
    room.min_free_bytes = limits.min_free_bytes;
  space = std::make_unique<DiskSpace>(directory, room, options.disk_probe);
  deleted = std::make_unique<DeletedLearnwares>(directory / kDeletedFolder,
                                                options.keep_deleted_days.value_or(limits.keep_deleted_days));
  if (options.read_only) return;
  space->ask_for_room([this](std::uint64_t bytes) {
    const Lock writing(writer);
    give_up_deleted(bytes);
  });
  space->prepare_opening(options.tend_index);
  if (const auto one = space->room_for(1); !one)
    log(LogLevel::warning, "the dock is open for reading and deleting only: " + describe(one.error()));
}

void Dock::State::give_up_deleted(std::uint64_t bytes) {
  const auto fits = space->room_for(bytes);
  if (fits || fits.error().code != ErrorCode::no_space) return;
  if (!space->would_fit(bytes, deleted->bytes())) return;
  for (const std::string& key : deleted->keys()) {
    if (space->room_for(bytes)) return;
    give_up_one(*this, key);
  }
}

void Dock::State::tidy() {
  const Lock writing(writer);
  space->removed(deleted->expire(now_unix_ms()));
  space->keep_reserve();
}

Result<catalog::LearnwareRecord> Dock::remove(const LearnwareId& id,
                                              std::optional<std::int64_t>* kept_until_unix_ms) {
  LEARNDOCK_CHECK(state_->writable());
  const Lock lock(state_->writer);
  Keeping keeping = begin_keeping(*state_, id);
  auto removed = remove_row(*state_, id);
  if (!removed) {
    if (!keeping.key.empty()) state_->deleted->forget(keeping.key);
    return Failure(std::move(removed).error());
  }
  if (keeping.wanted && keeping.key.empty()) keep_record(*state_, removed->record, keeping);
  state_->withdraw(removed->record.sequence);
  if (removed->digest_unused && !removed->record.package_digest.empty())
    LEARNDOCK_CHECK(remove_package(*state_, removed->record, keeping.key));
  make_room(*state_);
  // A damaged package stays there for a closer look; it cannot be brought back.
  if (!keeping.key.empty() && kept_until_unix_ms != nullptr && removed->record.damage.empty())
    *kept_until_unix_ms = state_->deleted->kept_until(now_unix_ms());
  return std::move(removed->record);
}

std::vector<DeletedLearnware> Dock::deleted() const {
  const Lock lock(state_->writer);
  std::vector<DeletedLearnware> all;
  for (auto& kept : state_->deleted->list()) all.push_back(std::move(kept.learnware));
  return all;
}

Result<catalog::LearnwareRecord> Dock::undelete(const LearnwareId& id) {
  LEARNDOCK_CHECK(state_->writable());
  const Lock lock(state_->writer);
  LEARNDOCK_TRY(const DeletedLearnwares::Kept kept, state_->deleted->newest(id));
  const catalog::LearnwareRecord& record = kept.learnware.record;
  LEARNDOCK_TRY(const bool taken, state_->catalog->has_id(id));
  if (taken)
    return fail(ErrorCode::conflict, "another learnware has this id now", id.text(),
                "delete that one first, or leave it");
  // Stored again it would pass for sound.
  if (!record.damage.empty())
    return fail(ErrorCode::corrupt, "the record was damaged when it was deleted: " + record.damage, id.text(),
                "import its package: " + state_->deleted->package_of(kept.key).string());
  LEARNDOCK_TRY(auto entry, entry_fields(record, state_->kernels));
  LEARNDOCK_CHECK(adopt_again(*state_, kept.key, record));
  NewEntries entries;
  entries.push_back(std::move(entry));
  auto stored = state_->insert({&record, 1}, std::move(entries));
  if (!stored) {
    if (!record.package_digest.empty())
      LEARNDOCK_CHECK(state_->blobs->release(record.package_digest, state_->deleted->package_of(kept.key)));
    return Failure(std::move(stored).error());
  }
  state_->deleted->forget(kept.key);
  return std::move(stored->front());
}

}  // namespace learndock::dock
