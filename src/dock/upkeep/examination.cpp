#include "dock/upkeep/examination.hpp"

#include "base/parallel.hpp"
#include "blobs/local_blob_store.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/view/entry_fields.hpp"
#include "io/file_copy.hpp"
#include "learnwares/entry_file.hpp"
#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kProgressStride = 1024;

class Examination {
 public:
  Examination(const fs::path& dock, const CheckOptions& options, const UpkeepProgress& progress)
      : dock_(dock), options_(options), progress_(progress), deleted_(DockFolder(dock).deleted(), 0) {}

  Result<Examined> run() {
    LEARNDOCK_CHECK(catalogue());
    LEARNDOCK_TRY(digests_, blobs::read_local_blob_store(DockFolder(dock_).packages())->list());
    kept_ = deleted_.list();
    unmoved_ = deleted_.unmoved_packages();
    if (out_.catalog) LEARNDOCK_CHECK(records());
    LEARNDOCK_CHECK(packages());
    if (readable_) orphans();
    LEARNDOCK_CHECK(stored_index());
    entries();
    if (options_.packages) look_at_deleted();
    leftovers();
    out_.report.packages = digests_.size();
    return std::move(out_);
  }

 private:
  void find(std::string part, std::string subject, std::string what, std::string fix, bool damage = true) {
    out_.report.findings.push_back(
        {std::move(part), std::move(subject), std::move(what), std::move(fix), damage, false});
  }
  [[nodiscard]] std::string repair_command() const {
    return fmt::format("learndock check {} --repair", dock_.string());
  }
  [[nodiscard]] fs::path blob_path(const std::string& digest) const {
    return DockFolder(dock_).package(digest);
  }

  /// Examines the catalogue: whether it is there, readable, sound in its structure, and the dock's current
  /// one.
  Result<void> catalogue() {
    const fs::path file = DockFolder(dock_).catalogue();
    LEARNDOCK_TRY(const std::string head, catalog::header_problem(file));
    if (!head.empty()) {
      find("catalogue", file.filename().string(), head, repair_command());
      readable_ = false;
      return {};
    }
    auto current = check_catalogue_is_current(dock_);
    if (current) current = check_packages_are_named(dock_);
    if (!current) {
      const Error& error = current.error();
      if (error.code != ErrorCode::catalog_behind && error.code != ErrorCode::corrupt) return Failure(error);
      find("catalogue", file.filename().string(), error.message, repair_command());
      out_.behind = error.code == ErrorCode::catalog_behind;
    }
    std::error_code ignored;
    const bool there = fs::exists(file, ignored) && fs::file_size(file, ignored) > 0;
    auto opened = there ? catalog::read_sqlite_catalog(file)
                        : Result<std::unique_ptr<catalog::Catalog>>(fail(ErrorCode::corrupt, ""));
    if (!opened) {
      if (opened.error().code != ErrorCode::corrupt) return Failure(std::move(opened).error());
      out_.rebuild_catalogue = true;
      return {};
    }
    out_.catalog = std::move(*opened);
    LEARNDOCK_TRY(const auto problems, out_.catalog->problems());
    for (const std::string& problem : problems)
      find("catalogue", file.filename().string(), problem, repair_command());
    out_.rebuild_catalogue = !problems.empty();
    return {};
  }

  Result<void> records() {
    const auto total = out_.catalog->count();
    std::uint64_t done = 0;
    const auto visited = out_.catalog->visit_all([&](catalog::LearnwareRecord& record) -> Result<void> {
      if (++done % kProgressStride == 0 && progress_) progress_("records", done, total.value_or(done));
      look_at(record);
      return {};
    });
    out_.report.records = done;
    if (!visited) {
      if (visited.error().code != ErrorCode::corrupt) return visited;
      find("catalogue", DockFolder::kCatalogue, visited.error().message, repair_command());
      out_.rebuild_catalogue = true;
    }
    if (out_.damaged.empty() && !out_.rebuild_catalogue) return {};
    // Where the indexes are damaged too there are fewer names, or none.
    if (const auto names = out_.catalog->indexed_names())
      for (const catalog::IndexedName& name : *names) out_.names.emplace(name.sequence, name);
    return {};
  }

  void look_at(catalog::LearnwareRecord& record) {
    if (record.damage.empty()) {
      const auto fields = entry_fields(record);
      if (!fields) record.damage = "it cannot be read: " + fields.error().message;
    }
    if (record.damage.empty()) {
      if (record.package_digest.empty()) return;
      out_.named.insert(record.package_digest);
      owner_[record.package_digest] = record.id.text();
      return;
    }
    find("record", record.id.text(), record.damage,
         record.package_digest.empty()
             ? fmt::format(
                   "it has no package to be made again from: learndock delete {} --dock {}, and add it again",
                   record.id.text(), dock_.string())
             : repair_command());
    out_.damaged.push_back(std::move(record));
  }

  /// Examines the packages that records name: whether they are there, and with `packages` whether they are
  /// whole.
  Result<void> packages() {
    std::uint64_t done = 0;
    for (const auto& [digest, id] : owner_) {
      if (options_.packages && progress_) progress_("packages", ++done, owner_.size());
      const std::string fix = fmt::format(
          "push the same package again to dock {}, which puts its bytes back; or delete learnware {}",
          dock_.string(), id);
      if (!std::binary_search(digests_.begin(), digests_.end(), digest)) {
        if (was_deleted(id, digest))
          find("package", id, "it was deleted, which the catalogue has lost; it is still kept",
               repair_command());
        else
          find("package", id, fmt::format("its package {} is missing", digest), fix);
        continue;
      }
      if (!options_.packages) continue;
      const auto now = io::digest_of_file(blob_path(digest));
      if (!now)
        find("package", id, fmt::format("its package {} cannot be read: {}", digest, now.error().message),
             fix);
      else if (*now != digest)
        find("package", id,
             fmt::format("the bytes of its package have the SHA-256 {} instead of {}", *now, digest), fix);
    }
    return {};
  }

  [[nodiscard]] bool was_deleted(const std::string& id, const std::string& digest) const {
    return std::any_of(kept_.begin(), kept_.end(), [&](const DeletedLearnwares::Kept& kept) {
      const catalog::LearnwareRecord& record = kept.learnware.record;
      return record.id.text() == id && record.package_digest == digest && deleted_.holds_package(kept);
    });
  }

  /// Examines whether the deleted learnwares that are kept could be brought back.
  void look_at_deleted() {
    const std::string fix =
        fmt::format("nothing mends it; it goes when its days are over, or now: learndock purge {} --deleted",
                    dock_.string());
    for (const std::string& key : deleted_.keys()) {
      const auto kept = deleted_.read(key);
      if (!kept) {
        find("deleted", key + ".json",
             "this deleted learnware cannot be brought back: " + kept.error().message, fix);
        continue;
      }
      const catalog::LearnwareRecord& record = kept->learnware.record;
      if (record.package_digest.empty() || !deleted_.holds_package(*kept)) continue;
      const auto now = io::digest_of_file(deleted_.package_of(key));
      if (now && *now == record.package_digest) continue;
      find("deleted", key + ".zip",
           fmt::format("the deleted learnware {} cannot be brought back: its package {}", record.id.text(),
                       now ? "has the SHA-256 " + *now + " instead of " + record.package_digest
                           : "cannot be read: " + now.error().message),
           fix);
    }
  }

  void orphans() {
    std::vector<std::pair<fs::file_time_type, std::string>> found;
    std::error_code error;
    for (const std::string& digest : digests_)
      if (!out_.named.contains(digest))
        found.emplace_back(fs::last_write_time(blob_path(digest), error), digest);
    std::sort(found.begin(), found.end());
    for (auto& orphan : found) {
      std::string& digest = orphan.second;
      if (unmoved_.contains(digest)) {
        find("deleted", digest, "the deletion of this package's learnware was interrupted",
             "the next start of a server, or any change with --dock, completes it", false);
        continue;
      }
      const bool claimed = std::any_of(out_.damaged.begin(), out_.damaged.end(),
                                       [&](const auto& record) { return record.package_digest == digest; });
      if (!claimed)
        find("orphan", digest, "no record names this package",
             fmt::format("take it in again: {}; or remove it: learndock purge {} --orphans", repair_command(),
                         dock_.string()),
             false);
      out_.orphans.push_back(std::move(digest));
    }
  }

  Result<void> stored_index() {
    std::error_code ignored;
    const bool missing = !fs::exists(DockFolder(dock_).index(), ignored);
    if (missing && out_.report.records > 0)
      find("index", "index", "there is no stored index: every learnware is compared",
           fmt::format("learndock reindex --dock {}", dock_.string()), false);
    LEARNDOCK_TRY(const store::IndexVersion version,
                  store::read_index(DockFolder(dock_).index(), specification::check_kernels_text));
    for (const Error& error : version.rebuild_needed)
      find("index", fs::path(error.where).filename().string(), error.message, repair_command());
    out_.rebuild_index = !version.rebuild_needed.empty();
    for (const auto& segment : version.content.segments) {
      if (progress_) progress_("index", 0, version.content.segments.size());
      const auto sound = store::Segment::open(
          segment->path(),
          {.everything = true, .threads = options_.threads == 0 ? usable_cores() : options_.threads});
      if (sound) continue;
      find("index", segment->path().filename().string(), sound.error().message, repair_command());
      out_.damaged_segments.push_back(segment->path().filename().string());
    }
    return {};
  }

  void entries() {
    const auto file = learnwares::EntryFile::open(DockFolder(dock_).learnware_cache(), 1);
    if (file || file.error().code == ErrorCode::not_found || file.error().code == ErrorCode::unsupported)
      return;
    out_.drop_entries = true;
    find("entries", "entries.lds", file.error().message, repair_command());
  }

  void leftovers() {
    for (const fs::path& folder : {DockFolder(dock_).staging(), DockFolder(dock_).packages() / "tmp"}) {
      std::error_code error;
      std::size_t files = 0;
      fs::directory_iterator item(folder, error);
      for (; !error && item != fs::directory_iterator(); item.increment(error)) ++files;
      if (files > 0)
        find("staging", fs::relative(folder, dock_, error).string(),
             fmt::format("{} file{} of interrupted uploads", files, files == 1 ? "" : "s"),
             "the next start of a server or a push removes them", false);
    }
  }

  const fs::path& dock_;
  const CheckOptions& options_;
  const UpkeepProgress& progress_;
  const DeletedLearnwares deleted_;
  std::vector<DeletedLearnwares::Kept> kept_;
  std::set<std::string> unmoved_;  // packages of interrupted deletions
  bool readable_ = true;           // the head of the catalogue
  Examined out_;
  std::vector<std::string> digests_;          // ascending
  std::map<std::string, std::string> owner_;  // the id of a sound record by its package
};

}  // namespace

Result<Examined> examine(const fs::path& dock, const CheckOptions& options, const UpkeepProgress& progress) {
  return Examination(dock, options, progress).run();
}

}  // namespace learndock::dock
