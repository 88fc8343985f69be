#include "dock/truth/truth.hpp"

#include "base/log.hpp"
#include "blobs/local_blob_store.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

/// The most bytes that records take in the catalogue. Text search keeps their texts once more, with trigrams.
std::uint64_t row_bytes(std::span<const catalog::LearnwareRecord> records) {
  constexpr std::uint64_t kTextCopies = 4;
  std::uint64_t bytes = 0;
  for (const catalog::LearnwareRecord& record : records)
    bytes += record.statistical.size() + record.further.size() + kTextCopies * record.semantic_json.size();
  return bytes;
}

}  // namespace

Truth::Truth(fs::path directory, TruthOptions options)
    : directory_(std::move(directory)),
      folder_(directory_),
      staging_(folder_.staging()),
      options_(std::move(options)),
      space_(directory_, options_.room, options_.disk_probe),
      deleted_(folder_.deleted(), options_.keep_deleted_days) {}

Result<void> Truth::take_lock() {
  return lock_.acquire(directory_, options_.read_only ? LockMode::shared : LockMode::exclusive, kAskServer);
}

Result<void> Truth::prepare() {
  if (!options_.read_only) {
    space_.ask_for_room([this](std::uint64_t bytes) {
      const Lock writing(writer_);
      deletions().give_up_for(bytes);
    });
    space_.prepare_opening(options_.count_bytes);
    if (const auto one = space_.room_for(1); !one)
      log(LogLevel::warning, "the dock is open for reading and deleting only: " + describe(one.error()));
  }
  return check_catalogue_is_current(directory_);
}

Result<void> Truth::open() {
  if (options_.read_only) {
    LEARNDOCK_CHECK(open_to_read());
  } else {
    const Lock writing(writer_);
    LEARNDOCK_CHECK(open_to_write());
  }
  return count_orphans();
}

Result<void> Truth::open_to_write() {
  if (const std::error_code error = io::disk::remove_tree(staging_))
    return Failure(io::system_error(error.value(), "empty the folder", staging_));
  LEARNDOCK_CHECK(io::create_private_folder(staging_));
  LEARNDOCK_TRY(catalog_, catalog::open_sqlite_catalog(folder_.catalogue(), false));
  LEARNDOCK_TRY(blobs_, blobs::open_local_blob_store(folder_.packages()));
  deleted_.recover(*catalog_, *blobs_);
  return {};
}

Result<void> Truth::open_to_read() {
  LEARNDOCK_TRY(catalog_, catalog::read_sqlite_catalog(folder_.catalogue()));
  blobs_ = blobs::read_local_blob_store(folder_.packages());
  return {};
}

Result<void> Truth::count_orphans() {
  LEARNDOCK_TRY(const std::vector<std::string> digests, blobs_->list());
  std::uint64_t unnamed = 0;
  for (const std::string& digest : digests) {
    LEARNDOCK_TRY(const bool named, catalog_->has_package(digest));
    if (!named) ++unnamed;
  }
  {
    const Lock hold(finding_);
    orphans_ = unnamed;
  }
  if (unnamed > 0)
    log(LogLevel::warning,
        fmt::format("{} package{} named by no record; nothing is removed. Take them in again: learndock "
                    "check {} --repair; "
                    "remove them: learndock purge {} --orphans",
                    unnamed, unnamed == 1 ? " is" : "s are", directory_.string(), directory_.string()));
  return {};
}

Result<void> Truth::writable() const {
  if (!options_.read_only) return {};
  return fail(ErrorCode::read_only, "the dock is open for reading only", directory_.string(),
              "see why its folder cannot be written, then open it again");
}

Result<fs::path> Truth::package_path(const std::string& digest) const { return blobs_->path_of(digest); }

fs::path Truth::staged_package() { return staging_ / fmt::format("canonical-{}.zip", staged_++); }

Result<void> Truth::room_for(std::uint64_t bytes) {
  auto fits = space_.room_for(bytes);
  if (!fits && space_.would_fit(bytes, DeletedLearnwares::bytes_in(folder_.deleted()))) return {};
  return fits;
}

DiskStatus Truth::disk() {
  DiskStatus status = space_.status();
  if (!status.read_only.empty() && room_for(1)) status.read_only.clear();
  return status;
}

Result<std::vector<catalog::LearnwareRecord>> Truth::insert(
    std::span<const catalog::LearnwareRecord> records) {
  LEARNDOCK_CHECK(space_.room_for(row_bytes(records)));
  return catalog_->insert(records);
}

Result<LearnwareId> Truth::take_id() {
  {
    const Lock hold(finding_);
    while (!free_ids_.empty()) {
      LearnwareId id = std::move(free_ids_.extract(free_ids_.begin()).value());
      LEARNDOCK_TRY(const bool taken, catalog_->has_id(id));  // a bulk import may have chosen it
      if (!taken) return id;
    }
  }
  LEARNDOCK_CHECK(space_.room_for(1));
  return catalog_->reserve_id();
}

void Truth::give_back(LearnwareId id) {
  const Lock hold(finding_);
  free_ids_.insert(std::move(id));
}

Result<catalog::LearnwareRecord> Truth::insert_package(catalog::LearnwareRecord record, const fs::path& file,
                                                       SpaceHold& hold) {
  LEARNDOCK_TRY(record.package_digest, blobs_->adopt(file));
  hold.release();
  space_.stored(record.package_bytes);
  make_room_for({&record, 1});
  auto stored = insert({&record, 1});
  if (stored) return std::move(stored->front());
  const auto named = catalog_->has_package(record.package_digest);
  space_.removed(record.package_bytes);
  if (named && !*named) LEARNDOCK_CHECK(blobs_->remove(record.package_digest));
  return Failure(std::move(stored).error());
}

Deletions Truth::deletions() { return {*catalog_, *blobs_, space_, deleted_}; }

void Truth::make_room_for(std::span<const catalog::LearnwareRecord> records) {
  deletions().give_up_for(row_bytes(records));
}

void Truth::keep_mark(std::uint64_t searchable) {
  if (options_.read_only) return;
  CatalogMark mark;
  mark.records = searchable + damaged();
  const auto counters = catalog_->counters();
  if (counters) mark.counters = *counters;
  const auto written = counters ? write_mark(directory_, mark) : Result<void>(Failure(counters.error()));
  if (!written && !std::exchange(mark_failed_, true))
    log(LogLevel::warning,
        "a catalogue that loses records would not be noticed: " + describe(written.error()));
}

void Truth::tidy() {
  const Lock writing(writer_);
  deletions().tidy();
}

void Truth::note_damage(const std::vector<DamagedRecord>& found) {
  constexpr std::size_t kLogged = 20;
  std::size_t logged = 0;
  const Lock hold(finding_);
  for (const DamagedRecord& one : found) {
    if (!damaged_.emplace(one.sequence, one).second) continue;
    if (++logged <= kLogged)
      log(LogLevel::error,
          fmt::format("the record of learnware {} is damaged and left out: {}", one.id.text(), one.why));
  }
  if (logged > 0)
    log(LogLevel::error,
        fmt::format("{} damaged record{} left out; mend what can be mended: learndock check {} --repair",
                    logged, logged == 1 ? " is" : "s are", directory_.string()));
}

void Truth::forget_damage(LearnwareNumber sequence) {
  const Lock hold(finding_);
  damaged_.erase(sequence);
}

std::uint64_t Truth::damaged() const {
  const Lock hold(finding_);
  return damaged_.size();
}

std::uint64_t Truth::orphans() const {
  const Lock hold(finding_);
  return orphans_;
}

}  // namespace learndock::dock
