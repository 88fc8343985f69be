// Mends a dock: rows from packages, packages without a row, a catalogue that cannot be read, parts of the
// index.
#include "dock/upkeep/repair.hpp"

#include "base/log.hpp"
#include "blobs/local_blob_store.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/upkeep/mended_record.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_copy.hpp"
#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTogether = 512;
constexpr const char* kNextCatalogue = "catalog.sqlite.repair";

void mark_mended(CheckReport& report, std::string_view part, const std::string& subject,
                 const std::string& how) {
  for (Finding& finding : report.findings)
    if (finding.part == part && (subject.empty() || finding.subject == subject)) {
      finding.mended = true;
      finding.fix = how;
    }
}

std::int64_t unix_seconds() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

/// Copies the write-ahead log, because opening for writing takes in its content up to the first damage and
/// throws the rest away.
Result<void> set_log_aside(const fs::path& dock) {
  std::error_code error;
  const fs::path log = dock / (std::string(DockFolder::kCatalogue) + "-wal");
  const auto bytes = fs::file_size(log, error);
  if (error || bytes == 0) return {};
  const fs::path aside = dock / fmt::format("{}-wal.damaged-{}", DockFolder::kCatalogue, unix_seconds());
  LEARNDOCK_CHECK(io::copy_file_durably(log, aside));
  return io::sync_directory(dock);
}

class Repair {
 public:
  Repair(const fs::path& dock, Examined& examined, const UpkeepProgress& progress)
      : dock_(dock),
        examined_(examined),
        packages_(dock, examined.named, examined.orphans),
        progress_(progress) {}

  Result<void> run() {
    mark_ = read_mark(dock_);
    if (!examined_.rebuild_catalogue) LEARNDOCK_CHECK(open_in_place());
    if (examined_.rebuild_catalogue) {
      LEARNDOCK_CHECK(rebuild_catalogue());
      LEARNDOCK_CHECK(lift_counters());
    }
    LEARNDOCK_CHECK(mend_records());
    LEARNDOCK_CHECK(settle_deletions());
    LEARNDOCK_CHECK(take_orphans());
    LEARNDOCK_CHECK(finish_catalogue());
    catalog_.reset();
    examined_.catalog.reset();
    LEARNDOCK_CHECK(mend_index());
    if (examined_.drop_entries && !io::disk::remove_any(DockFolder(dock_).learnware_cache()))
      mark_mended(examined_.report, "entries", "", "removed: it is made again from the catalogue");
    packages_.remove_scratch();
    return {};
  }

 private:
  /// Opens the catalogue. One that turns out to be damaged when it is used is made again, too.
  Result<void> open_in_place() {
    LEARNDOCK_CHECK(keep_log());
    const auto usable = [&]() -> Result<void> {
      LEARNDOCK_TRY(catalog_, catalog::open_sqlite_catalog(DockFolder(dock_).catalogue(), false));
      LEARNDOCK_CHECK(lift_counters());
      LEARNDOCK_CHECK(catalog_->counters());
      LEARNDOCK_CHECK(catalog_->sequences());
      return {};
    }();
    if (usable || usable.error().code != ErrorCode::corrupt) return usable;
    log(LogLevel::warning, "the catalogue is made again: " + usable.error().message);
    catalog_.reset();
    examined_.rebuild_catalogue = true;
    return {};
  }

  /// Makes a new catalogue from the sound records; the old one stays under another name.
  Result<void> rebuild_catalogue() {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})  // left by a repair that was cut off
      io::disk::remove_any(dock_ / (std::string(kNextCatalogue) + suffix));
    LEARNDOCK_TRY(catalog_, catalog::open_sqlite_catalog(dock_ / kNextCatalogue, true));
    if (examined_.catalog) LEARNDOCK_CHECK(copy_sound_records());
    return {};
  }

  Result<void> copy_sound_records() {
    std::vector<catalog::LearnwareRecord> batch;
    const auto store = [&]() -> Result<void> {
      if (!batch.empty()) LEARNDOCK_CHECK(catalog_->put(batch));
      batch.clear();
      return {};
    };
    const auto visited = examined_.catalog->visit_all([&](catalog::LearnwareRecord& record) -> Result<void> {
      const bool damaged = std::any_of(examined_.damaged.begin(), examined_.damaged.end(),
                                       [&](const auto& one) { return one.sequence == record.sequence; });
      if (damaged) return {};
      batch.push_back(std::move(record));
      return batch.size() < kTogether ? Result<void>() : store();
    });
    LEARNDOCK_CHECK(store());
    if (!visited && visited.error().code != ErrorCode::corrupt) return visited;
    if (!visited)
      log(LogLevel::warning, "not all of the damaged catalogue could be read: " + visited.error().message);
    return {};
  }

  Result<void> keep_log() {
    const bool behind = std::any_of(examined_.report.findings.begin(), examined_.report.findings.end(),
                                    [](const Finding& one) { return one.part == "catalogue"; });
    return behind ? set_log_aside(dock_) : Result<void>();
  }

  /// Puts the new catalogue in place of the old one, of which nothing is removed.
  Result<void> put_in_place() {
    catalog_.reset();  // folds its log into the file
    examined_.catalog.reset();
    const std::string aside = fmt::format("{}.damaged-{}", DockFolder::kCatalogue, unix_seconds());
    for (const char* suffix : {"-wal", "-shm", ""}) {
      std::error_code error;
      const fs::path old = dock_ / (std::string(DockFolder::kCatalogue) + suffix);
      if (!fs::exists(old, error)) continue;
      LEARNDOCK_CHECK(io::rename_file(old, dock_ / (aside + suffix)));
    }
    // The log of the old catalogue must not be found beside the new one.
    LEARNDOCK_CHECK(io::sync_directory(dock_));
    LEARNDOCK_CHECK(io::rename_file(dock_ / kNextCatalogue, DockFolder(dock_).catalogue()));
    LEARNDOCK_CHECK(io::sync_directory(dock_));
    mark_mended(examined_.report, "catalogue", "",
                fmt::format("made again from what could be read; the damaged one is kept as {}", aside));
    LEARNDOCK_TRY(catalog_, catalog::open_sqlite_catalog(DockFolder(dock_).catalogue(), false));
    return {};
  }

  Result<void> mend_records() {
    for (catalog::LearnwareRecord& record : examined_.damaged) {
      const std::string shown = record.id.text();
      const auto name = examined_.names.find(record.sequence);
      const catalog::IndexedName* known = name == examined_.names.end() ? nullptr : &name->second;
      LEARNDOCK_TRY(Mended mended, packages_.mend(record, known, examined_.catalog.get()));
      if (mended.how.empty() && !examined_.rebuild_catalogue) continue;
      const auto stored = catalog_->put({&mended.record, 1});
      if (!stored) {
        log(LogLevel::warning,
            fmt::format("learnware {} cannot be mended: {}", shown, describe(stored.error())));
        continue;
      }
      if (mended.how.empty()) continue;  // carried over as damaged as it was
      mark_mended(examined_.report, "record", shown, mended.how);
      if (!mended.record.package_digest.empty()) examined_.named.insert(mended.record.package_digest);
    }
    return {};
  }

  /// Settles deletions: a deleted learnware does not come back, nor does its package count as that of a lost
  /// record.
  Result<void> settle_deletions() {
    LEARNDOCK_TRY(const auto blobs, blobs::open_local_blob_store(DockFolder(dock_).packages()));
    DeletedLearnwares deleted(DockFolder(dock_).deleted(), 0);
    LEARNDOCK_TRY(const auto removed,
                  deleted.remove_again(*catalog_, *blobs, examined_.behind || examined_.rebuild_catalogue));
    // This comes after the removals: it would take a record that is there again for a deletion that did not
    // happen.
    deleted.recover(*catalog_, *blobs);
    unmoved_ = deleted.unmoved_packages();
    for (const LearnwareId& id : removed) {
      log(LogLevel::info, fmt::format("learnware {} had been deleted and is removed again", id.text()));
      mark_mended(examined_.report, "package", id.text(),
                  "removed again; what is kept of it: learndock list --deleted");
    }
    LEARNDOCK_TRY(present_packages_, blobs->list());
    return {};
  }

  Result<void> take_orphans() {
    std::uint64_t done = 0;
    LEARNDOCK_TRY(present_, catalog_->sequences());
    for (const std::string& digest : examined_.orphans) {
      if (progress_) progress_("packages without a record", ++done, examined_.orphans.size());
      if (examined_.named.contains(digest)) continue;
      if (unmoved_.contains(digest) ||
          !std::binary_search(present_packages_.begin(), present_packages_.end(), digest)) {
        mark_mended(examined_.report, "orphan", digest, "it belongs to a learnware that was deleted");
        continue;
      }
      auto record = packages_.orphan(digest, name_of(digest));
      if (!record) {
        mark_unusable(digest, record.error());
        continue;
      }
      auto stored = catalog_->put({&*record, 1});
      if (!stored && stored.error().code == ErrorCode::conflict && record->sequence == LearnwareNumber()) {
        record->id = LearnwareId();  // another learnware has the id that the package names
        record->warnings.back() += ", under a new id";
        stored = catalog_->put({&*record, 1});
      }
      if (!stored && stored.error().code != ErrorCode::package_duplicate &&
          stored.error().code != ErrorCode::conflict)
        return Failure(stored.error());
      if (stored)
        mark_mended(
            examined_.report, "orphan", digest,
            fmt::format("taken in again as learnware {}; see its warnings", stored->front().id.text()));
    }
    return {};
  }

  /// What an index that can still be read says of the record of this package, or null.
  [[nodiscard]] const catalog::IndexedName* name_of(const std::string& digest) const {
    for (const auto& [sequence, name] : examined_.names)
      if (name.package_digest == digest && !std::binary_search(present_.begin(), present_.end(), sequence))
        return &name;
    return nullptr;
  }

  void mark_unusable(const std::string& digest, const Error& error) {
    for (Finding& finding : examined_.report.findings)
      if (finding.part == "orphan" && finding.subject == digest) {
        finding.damage = true;
        finding.what = "no record names this package, and it cannot be taken in: " + error.message;
        finding.fix = fmt::format("keep it for a closer look, or remove it: learndock purge {} --orphans",
                                  dock_.string());
      }
  }

  /// Raises the counters, so that no id and no number is given twice, even when the catalogue has forgotten
  /// them.
  Result<void> lift_counters() {
    catalog::Counters counters = mark_ ? mark_->counters : catalog::Counters();
    if (examined_.rebuild_catalogue) {
      const auto old = examined_.catalog ? examined_.catalog->counters()
                                         : Result<catalog::Counters>(fail(ErrorCode::corrupt, ""));
      if (!old && !mark_) LEARNDOCK_CHECK(guess_counters(counters));
      if (old) {
        counters.version = std::max(counters.version, old->version);
        counters.last_sequence = std::max(counters.last_sequence, old->last_sequence);
        counters.next_id = std::max(counters.next_id, old->next_id);
      }
    }
    ++counters.version;
    return catalog_->raise_counters(counters);
  }

  /// Counters above all numbers that are known to have been given.
  Result<void> guess_counters(catalog::Counters& counters) {
    LEARNDOCK_TRY(const auto sequences, catalog_->sequences());
    counters.last_sequence = sequences.empty() ? 0 : sequences.back().value();
    for (const auto& kept : DeletedLearnwares(DockFolder(dock_).deleted(), 0).list())
      counters.last_sequence = std::max(counters.last_sequence, kept.learnware.record.sequence.value());
    // Each learnware takes a number and one id at most, and changes the catalogue twice at most.
    counters.next_id = counters.last_sequence + 1;
    counters.version = 3 * counters.last_sequence;
    return {};
  }

  Result<void> finish_catalogue() {
    if (examined_.rebuild_catalogue) LEARNDOCK_CHECK(put_in_place());
    LEARNDOCK_TRY(const catalog::Counters now, catalog_->counters());
    LEARNDOCK_TRY(const auto live, catalog_->sequences());
    LEARNDOCK_CHECK(write_mark(dock_, {now, live.size()}));
    if (!examined_.rebuild_catalogue)
      mark_mended(examined_.report, "catalogue", "", "taken as it is, with what the packages hold");
    examined_.report.records = live.size();
    return {};
  }

  /// Keeps sound segments. The learnwares of damaged ones are compared directly until the index is rebuilt.
  Result<void> mend_index() {
    if (!examined_.rebuild_index && examined_.damaged_segments.empty()) return {};
    LEARNDOCK_TRY(const auto store,
                  store::IndexStore::open(DockFolder(dock_).index(), specification::check_kernels_text));
    const auto current = store->current();
    store::IndexContent content = current->content;
    std::erase_if(content.segments, [&](const auto& segment) {
      const std::string file = segment->path().filename().string();
      return std::find(examined_.damaged_segments.begin(), examined_.damaged_segments.end(), file) !=
             examined_.damaged_segments.end();
    });
    LEARNDOCK_CHECK(store->commit(std::move(content), current->number));
    mark_mended(examined_.report, "index", "",
                fmt::format("left out; make it again: learndock reindex --dock {}", dock_.string()));
    return {};
  }

  const fs::path& dock_;
  Examined& examined_;
  PackageRecords packages_;
  const UpkeepProgress& progress_;
  std::optional<CatalogMark> mark_;
  std::vector<LearnwareNumber> present_;       // sequences of the records before any orphan is taken in
  std::set<std::string> unmoved_;              // packages that a deletion could not move
  std::vector<std::string> present_packages_;  // when deletions are settled
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace

Result<std::optional<Finding>> mend_catalogue_head(const fs::path& dock) {
  const fs::path file = DockFolder(dock).catalogue();
  LEARNDOCK_TRY(const std::string problem, catalog::header_problem(file));
  if (problem.empty()) return std::optional<Finding>();
  LEARNDOCK_CHECK(set_log_aside(dock));
  LEARNDOCK_CHECK(catalog::mend_header(file));
  return std::optional(Finding{"catalogue", DockFolder::kCatalogue, problem, "put right", true, true});
}

Result<void> repair(const fs::path& dock, Examined& examined, const UpkeepProgress& progress) {
  return Repair(dock, examined, progress).run();
}

}  // namespace learndock::dock
