#include "dock/truth/deletions.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::dock {

/// Says whether, and under which key, a learnware that is about to be deleted is kept.
struct Deletions::Keeping {
  bool wanted = false;
  std::string key;
};

/// Writes the record down. A failure is logged, and the deletion goes on without keeping the learnware.
void Deletions::keep_record(const catalog::LearnwareRecord& record, Keeping& keeping) {
  auto key = kept_.begin(record);
  keeping.wanted = key.has_value();
  if (key)
    keeping.key = std::move(*key);
  else
    log(LogLevel::warning, fmt::format("learnware {} is removed at once and not kept: {}", record.id.text(),
                                       describe(key.error())));
}

Deletions::Keeping Deletions::begin_keeping(const LearnwareId& id) {
  Keeping keeping;
  if (!kept_.keeps()) return keeping;
  if (space_.short_of_room()) {
    log(LogLevel::warning,
        fmt::format("learnware {} is removed at once and not kept: there is little room left", id.text()));
    return keeping;
  }
  keeping.wanted = true;
  // A damaged record is written down when the removal has told what it was.
  if (const auto record = catalog_.find(id)) keep_record(*record, keeping);
  return keeping;
}

Result<Deletions::Removed> Deletions::remove_row(const LearnwareId& id) {
  Keeping keeping = begin_keeping(id);
  auto removed = catalog_.remove(id);
  if (!removed && removed.error().code == ErrorCode::no_space && space_.release_reserve()) {
    log(LogLevel::warning, "the disk is full: the dock's reserve is used for a deletion");
    removed = catalog_.remove(id);
  }
  if (!removed) {
    if (!keeping.key.empty()) kept_.forget(keeping.key);
    return Failure(std::move(removed).error());
  }
  if (keeping.wanted && keeping.key.empty()) keep_record(removed->record, keeping);
  return Removed{std::move(removed->record), removed->digest_unused, std::move(keeping.key)};
}

Result<void> Deletions::remove_package(const Removed& removed) {
  const std::string& digest = removed.record.package_digest;
  if (removed.package_unused && !digest.empty()) {
    if (removed.key.empty()) {
      LEARNDOCK_CHECK(blobs_.remove(digest));
      space_.removed(removed.record.package_bytes);
    } else if (auto moved = blobs_.release(digest, kept_.package_of(removed.key)); !moved) {
      if (moved.error().code != ErrorCode::not_found) return moved;
      kept_.forget(removed.key);  // its package was lost before the deletion
    }
  }
  // A deletion must free room when there is little.
  space_.removed(kept_.expire(now_unix_ms()));
  for (const std::string& key : kept_.keys()) {
    if (!space_.short_of_room()) break;
    give_up_one(key);
  }
  space_.keep_reserve();
  return {};
}

std::optional<std::int64_t> Deletions::kept_until(const Removed& removed) const {
  // A damaged package stays there for a closer look; it cannot be brought back.
  if (removed.key.empty() || !removed.record.damage.empty()) return std::nullopt;
  return kept_.kept_until(now_unix_ms());
}

std::vector<DeletedLearnware> Deletions::list() const {
  std::vector<DeletedLearnware> all;
  for (auto& kept : kept_.list()) all.push_back(std::move(kept.learnware));
  return all;
}

Result<DeletedLearnwares::Kept> Deletions::find(const LearnwareId& id) const {
  LEARNDOCK_TRY(DeletedLearnwares::Kept kept, kept_.newest(id));
  LEARNDOCK_TRY(const bool taken, catalog_.has_id(id));
  if (taken)
    return fail(ErrorCode::conflict, "another learnware has this id now", id.text(),
                "delete that one first, or leave it");
  // Stored again it would pass for sound.
  if (const std::string& damage = kept.learnware.record.damage; !damage.empty())
    return fail(ErrorCode::corrupt, "the record was damaged when it was deleted: " + damage, id.text(),
                "import its package: " + kept_.package_of(kept.key).string());
  return kept;
}

Result<void> Deletions::take_package_back(const DeletedLearnwares::Kept& kept) {
  const catalog::LearnwareRecord& record = kept.learnware.record;
  if (record.package_digest.empty()) return {};
  LEARNDOCK_TRY(const bool named, catalog_.has_package(record.package_digest));
  if (named)
    return fail(ErrorCode::package_duplicate, "a learnware with exactly these files is in the dock again",
                record.id.text(), "use that learnware");
  LEARNDOCK_TRY(const std::string digest, blobs_.adopt(kept_.package_of(kept.key)));
  if (digest == record.package_digest) return {};
  LEARNDOCK_CHECK(blobs_.release(digest, kept_.package_of(kept.key)));
  return fail(ErrorCode::corrupt, "the package of the deleted learnware is damaged", record.id.text(),
              "send the package again");
}

Result<void> Deletions::give_package_up(const DeletedLearnwares::Kept& kept) {
  const std::string& digest = kept.learnware.record.package_digest;
  if (digest.empty()) return {};
  return blobs_.release(digest, kept_.package_of(kept.key));
}

void Deletions::brought_back(const DeletedLearnwares::Kept& kept) { kept_.forget(kept.key); }

void Deletions::give_up_one(const std::string& key) {
  const std::uint64_t freed = kept_.forget(key);
  space_.removed(freed);
  log(LogLevel::warning,
      fmt::format("there is little room left: the deleted learnware {} is no longer kept, {} bytes freed",
                  key, freed));
}

void Deletions::give_up_for(std::uint64_t bytes) {
  const auto fits = space_.room_for(bytes);
  if (fits || fits.error().code != ErrorCode::no_space) return;
  if (!space_.would_fit(bytes, kept_.bytes())) return;
  for (const std::string& key : kept_.keys()) {
    if (space_.room_for(bytes)) return;
    give_up_one(key);
  }
}

void Deletions::tidy() {
  space_.removed(kept_.expire(now_unix_ms()));
  space_.keep_reserve();
}

}  // namespace learndock::dock
