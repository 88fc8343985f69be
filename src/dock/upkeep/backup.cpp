#include "learndock/dock/backup.hpp"

#include "learndock/dock/dock_file.hpp"

#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/upkeep/backup_manifest.hpp"
#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_copy.hpp"
#include "io/file_rights.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <ctime>
#include <set>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr int kCatalogueTries = 20;

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

class Backup {
 public:
  Backup(const fs::path& dock, const fs::path& to, const BackupOptions& options,
         const UpkeepProgress& progress)
      : dock_(dock), to_(to), options_(options), progress_(progress) {}

  Result<BackupReport> run() {
    LEARNDOCK_CHECK(read_dock_file(dock_));
    LEARNDOCK_CHECK(place_is_outside());
    // The copy gets its own mark, which would hide that the catalogue had lost records.
    LEARNDOCK_CHECK(check_catalogue_is_current(dock_));
    if (const auto named = check_packages_are_named(dock_); !named) {
      if (named.error().code != ErrorCode::catalog_behind) return Failure(named.error());
      report_.problems.push_back(named.error().message + ": learndock check");
    }
    std::error_code ignored;
    const bool was_there = fs::exists(to_, ignored);
    LEARNDOCK_CHECK(io::make_new_folder(to_));
    auto report = write();
    if (!report) remove_unfinished(was_there);
    return report;
  }

 private:
  Result<void> place_is_outside() const {
    std::error_code error;
    const fs::path way = fs::weakly_canonical(to_, error).lexically_relative(fs::canonical(dock_, error));
    if (error || way.empty() || *way.begin() == "..") return {};
    return fail(ErrorCode::conflict, "the backup would be inside the dock itself", to_.string(),
                "choose a folder outside of " + dock_.string());
  }

  /// Empties the folder after a failure, so that the same command can be run again.
  void remove_unfinished(bool was_there) const {
    std::error_code ignored;  // what could not be written is what is reported
    for (fs::directory_iterator item(to_, ignored); !ignored && item != fs::directory_iterator();
         item.increment(ignored))
      io::disk::remove_tree(item->path());
    if (!was_there) io::disk::remove_any(to_);
  }

  Result<BackupReport> write() {
    LEARNDOCK_CHECK(io::make_new_folder(DockFolder(to_).packages()));
    LEARNDOCK_TRY(const auto catalog, catalog::read_sqlite_catalog(DockFolder(dock_).catalogue()));
    LEARNDOCK_CHECK(copy_until_whole(*catalog));
    LEARNDOCK_CHECK(io::copy_file_durably(DockFolder(dock_).settings(), DockFolder(to_).settings()));
    LEARNDOCK_CHECK(write_flushed_mark());
    for (const char* name : {DockFolder::kCatalogue, DockFolder::kMark}) LEARNDOCK_CHECK(list_file(name));
    LEARNDOCK_CHECK(list_file(DockFolder::kSettings));
    LEARNDOCK_CHECK(io::sync_directory(DockFolder(to_).packages()));
    report_.version = counters_.version;
    report_.last_sequence = counters_.last_sequence;
    manifest_.created = report_.created;
    manifest_.records = report_.records;
    manifest_.counters = counters_;
    manifest_.problems = report_.problems;
    LEARNDOCK_CHECK(io::sync_directory(to_));
    // Last: without it the folder is no backup. All else is on the disk by then.
    LEARNDOCK_CHECK(write_manifest(to_, manifest_));
    return std::move(report_);
  }

  /// A dock never flushes its mark, but the manifest names the digest of this one.
  Result<void> write_flushed_mark() const {
    LEARNDOCK_CHECK(write_mark(to_, {counters_, report_.records}));
    const fs::path path = DockFolder(to_).mark();
    LEARNDOCK_TRY(const io::Descriptor mark, io::open_for_reading(path));
    return io::sync_file(mark.get(), path);
  }

  /// When packages are missing, the catalogue is copied again: a package that was removed after the first
  /// copy is not named by the next.
  Result<void> copy_until_whole(const catalog::Catalog& catalog) {
    std::set<std::string> missing;
    for (int tries = 0; tries < kCatalogueTries; ++tries) {
      io::disk::remove_any(DockFolder(to_).catalogue());
      report_.created = utc_now();
      LEARNDOCK_CHECK(catalog.backup_to(DockFolder(to_).catalogue()));
      LEARNDOCK_TRY(const std::set<std::string> now_missing, copy_packages());
      const bool lost = !now_missing.empty() && now_missing == missing;  // not removed meanwhile
      missing = now_missing;
      if (lost || missing.empty()) return drop_unnamed(missing);
    }
    return fail(ErrorCode::unavailable, "packages were removed as fast as they were copied", dock_.string(),
                "try again when fewer learnwares are deleted");
  }

  /// @return packages that the copied catalogue names and the dock has not
  Result<std::set<std::string>> copy_packages() {
    LEARNDOCK_TRY(const auto copied, catalog::read_sqlite_catalog(DockFolder(to_).catalogue()));
    LEARNDOCK_TRY(counters_, copied->counters());
    LEARNDOCK_TRY(const std::uint64_t total, copied->count());
    std::set<std::string> missing;
    named_.clear();
    report_.records = 0;
    damaged_ = 0;
    LEARNDOCK_CHECK(copied->visit_all([&](catalog::LearnwareRecord& record) -> Result<void> {
      if (++report_.records % 256 == 0 && progress_) progress_("packages", report_.records, total);
      damaged_ += record.damage.empty() ? 0 : 1;
      const std::string& digest = record.package_digest;
      if (!is_package_digest(digest)) return {};  // none, or one of a damaged record
      named_.insert(digest);
      if (taken_.contains(digest)) return {};
      LEARNDOCK_TRY(const bool there, copy_package(digest));
      if (!there) missing.insert(digest);
      return {};
    }));
    return missing;
  }

  Result<bool> copy_package(const std::string& digest) {
    const fs::path from = dock_ / package_place(digest), to = to_ / package_place(digest);
    LEARNDOCK_CHECK(io::create_private_folder(to.parent_path()));
    bool linked = false;
    if (!options_.copy) {
      linked = io::disk::link(from, to) == 0;  // else another file system, or one without links: copy
      if (!linked && errno == ENOENT) return false;
    }
    if (!linked)
      if (auto copied = io::copy_file_durably(from, to); !copied) {
        if (copied.error().code == ErrorCode::not_found) return false;
        return Failure(std::move(copied).error());
      }
    LEARNDOCK_CHECK(io::sync_directory(to.parent_path()));
    taken_.insert(digest);
    report_.linked += linked ? 1 : 0;
    return true;
  }

  /// Removes packages that only an earlier copy of the catalogue named; the others enter the manifest.
  Result<void> drop_unnamed(const std::set<std::string>& missing) {
    for (const std::string& digest : taken_) {
      if (!named_.contains(digest)) {
        io::disk::remove_any(to_ / package_place(digest));
        continue;
      }
      LEARNDOCK_CHECK(list_file(package_place(digest).string()));
      ++report_.packages;
      report_.bytes += manifest_.files.back().bytes;
      if (manifest_.files.back().sha256 != digest)
        report_.problems.push_back(fmt::format("package {} is damaged in the dock: its SHA-256 is {}", digest,
                                               manifest_.files.back().sha256));
    }
    for (const std::string& digest : missing)
      report_.problems.push_back(fmt::format("package {} is missing from the dock", digest));
    if (damaged_ > 0)
      report_.problems.push_back(fmt::format("{} record{} damaged in the dock: learndock check", damaged_,
                                             damaged_ == 1 ? " is" : "s are"));
    return {};
  }

  Result<void> list_file(const std::string& path) {
    std::error_code error;
    BackupFile file{path, fs::file_size(to_ / path, error), {}};
    if (error) return Failure(io::system_error(error.value(), "look at", to_ / path));
    LEARNDOCK_TRY(file.sha256, io::digest_of_file(to_ / path));
    manifest_.files.push_back(std::move(file));
    return {};
  }

  const fs::path& dock_;
  const fs::path& to_;
  const BackupOptions& options_;
  const UpkeepProgress& progress_;
  BackupReport report_;
  BackupManifest manifest_;
  catalog::Counters counters_;
  std::set<std::string> taken_, named_;
  std::uint64_t damaged_ = 0;
};

/// Copies one file and compares it with the manifest.
Result<void> restore_file(const fs::path& backup, const BackupFile& file, const fs::path& dock) {
  LEARNDOCK_CHECK(io::create_private_folder((dock / file.path).parent_path()));
  const auto copied = io::copy_file_durably(backup / file.path, dock / file.path);
  if (copied && *copied == file.sha256) return {};
  if (!copied && copied.error().code != ErrorCode::not_found) return Failure(copied.error());
  return fail(ErrorCode::backup_mismatch,
              copied ? fmt::format("the file has the SHA-256 {}, the manifest says {}", *copied, file.sha256)
                     : "the file is missing",
              (backup / file.path).string(),
              fmt::format("copy the backup again from where it came, or use another one; remove {} first",
                          dock.string()));
}

}  // namespace

Result<BackupReport> backup_dock(const fs::path& dock, const fs::path& to, const BackupOptions& options,
                                 const UpkeepProgress& progress) {
  return Backup(dock, to, options, progress).run();
}

Result<CheckReport> restore_dock(const fs::path& backup, const fs::path& dock,
                                 const UpkeepProgress& progress) {
  LEARNDOCK_TRY(const BackupManifest manifest, read_manifest(backup));
  LEARNDOCK_CHECK(io::make_new_folder(dock));
  LEARNDOCK_CHECK(io::create_private_folder(DockFolder(dock).packages()));  // a backup may have none
  std::uint64_t done = 0;
  std::set<fs::path> folders;
  const auto copy = [&](const BackupFile& file) -> Result<void> {
    if (progress) progress("files", ++done, manifest.files.size());
    folders.insert((dock / file.path).parent_path());
    return restore_file(backup, file, dock);
  };
  // dock.json comes last: until it is there the folder is no dock. All else is on the disk by then.
  for (const BackupFile& file : manifest.files)
    if (file.path != DockFolder::kSettings) LEARNDOCK_CHECK(copy(file));
  for (const fs::path& folder : folders) LEARNDOCK_CHECK(io::sync_directory(folder));
  for (const BackupFile& file : manifest.files)
    if (file.path == DockFolder::kSettings) LEARNDOCK_CHECK(copy(file));
  LEARNDOCK_CHECK(io::sync_directory(dock));
  return check_dock(dock, {}, progress);
}

}  // namespace learndock::dock
