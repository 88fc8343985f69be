#include "learndock/dock/upkeep.hpp"

#include "learndock/base/json.hpp"
#include "learndock/dock/dock_file.hpp"

#include "base/log.hpp"
#include "blobs/local_blob_store.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/directory_lock.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/upkeep/examination.hpp"
#include "dock/upkeep/repair.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace learndock::dock {

namespace fs = std::filesystem;

Json to_json(const Finding& finding) {
  return {{"part", finding.part},     {"subject", finding.subject}, {"what", finding.what},
          {"damage", finding.damage}, {"mended", finding.mended},   {"fix", finding.fix}};
}

std::uint64_t CheckReport::damages() const {
  return static_cast<std::uint64_t>(std::count_if(
      findings.begin(), findings.end(), [](const Finding& one) { return one.damage && !one.mended; }));
}

Result<CheckReport> check_dock(const fs::path& dock, const CheckOptions& options,
                               const UpkeepProgress& progress) {
  LEARNDOCK_CHECK(read_dock_file(dock));
  DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock, options.repair ? LockMode::exclusive : LockMode::shared));
  std::optional<Finding> head;
  if (options.repair) {
    LEARNDOCK_TRY(head, mend_catalogue_head(dock));
  }
  LEARNDOCK_TRY(Examined examined, examine(dock, options, progress));
  if (options.repair) LEARNDOCK_CHECK(repair(dock, examined, progress));
  if (head) examined.report.findings.insert(examined.report.findings.begin(), *head);
  return std::move(examined.report);
}

namespace {

Result<void> no_record_is_damaged(const fs::path& dock, const catalog::Catalog& catalog) {
  std::uint64_t damaged = 0;
  LEARNDOCK_CHECK(catalog.visit_all([&](catalog::LearnwareRecord& record) -> Result<void> {
    damaged += record.damage.empty() ? 0 : 1;
    return {};
  }));
  if (damaged == 0) return {};
  return fail(ErrorCode::corrupt,
              "some records are damaged: a package that seems unnamed may be what they are made again from",
              dock.string(), "mend them first: learndock check " + dock.string() + " --repair");
}

}  // namespace

Result<PurgeReport> purge_orphans(const fs::path& dock, const PurgeOptions& options) {
  LEARNDOCK_TRY(const DockFile file, read_dock_file(dock));
  DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock));
  // Packages are the last copy of what a catalogue has lost.
  LEARNDOCK_CHECK(check_catalogue_is_current(dock));
  LEARNDOCK_CHECK(check_packages_are_named(dock));
  LEARNDOCK_TRY(const auto catalog, catalog::read_sqlite_catalog(DockFolder(dock).catalogue()));
  LEARNDOCK_TRY(const auto blobs, blobs::open_local_blob_store(DockFolder(dock).packages()));
  LEARNDOCK_CHECK(no_record_is_damaged(dock, *catalog));
  DeletedLearnwares deleted(DockFolder(dock).deleted(), file.limits.keep_deleted_days);
  if (!options.dry_run) deleted.recover(*catalog, *blobs);
  const std::set<std::string> unmoved = deleted.unmoved_packages();
  LEARNDOCK_TRY(const auto digests, blobs->list());
  const auto now = fs::file_time_type::clock::now();
  PurgeReport report;
  for (const std::string& digest : digests) {
    LEARNDOCK_TRY(const bool named, catalog->has_package(digest));
    if (named || unmoved.contains(digest)) continue;
    LEARNDOCK_TRY(const fs::path path, blobs->path_of(digest));
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    if (error || now - time < options.older_than) {
      ++report.kept;
      continue;
    }
    report.bytes += fs::file_size(path, error);
    if (!options.dry_run) {
      LEARNDOCK_CHECK(blobs->remove(digest));
      log(LogLevel::info, "removed a package that no record names: " + digest);
    }
    report.removed.push_back(digest);
  }
  return report;
}

Result<PurgeReport> purge_deleted(const fs::path& dock, const PurgeOptions& options) {
  LEARNDOCK_TRY(const DockFile file, read_dock_file(dock));
  DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock));
  DeletedLearnwares deleted(DockFolder(dock).deleted(), file.limits.keep_deleted_days);
  if (!options.dry_run) {
    // A deletion that was interrupted would leave its package without a name.
    LEARNDOCK_CHECK(check_catalogue_is_current(dock));
    LEARNDOCK_TRY(const auto catalog, catalog::read_sqlite_catalog(DockFolder(dock).catalogue()));
    LEARNDOCK_TRY(const auto blobs, blobs::open_local_blob_store(DockFolder(dock).packages()));
    deleted.recover(*catalog, *blobs);
  }
  const std::int64_t latest =
      now_unix_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(options.older_than).count();
  PurgeReport report;
  for (const std::string& key : deleted.keys()) {
    if (DeletedLearnwares::removed_unix_ms(key) > latest) {
      ++report.kept;
      continue;
    }
    const auto kept = deleted.read(key);
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(deleted.package_of(key), error);
    report.bytes += error ? 0 : bytes;
    report.removed.push_back(kept ? kept->learnware.record.id.text() : key);
    if (!options.dry_run) deleted.forget(key);
  }
  return report;
}

}  // namespace learndock::dock
