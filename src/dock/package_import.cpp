#include "dock/package_import.hpp"

#include "dock/view/entry_fields.hpp"
#include "dock/view/package_record.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_copy.hpp"
#include "query/blind_check.hpp"

#include <algorithm>
#include <utility>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

bool is_package_folder(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is tried as a package and reported there
  return fs::exists(path / "learnware.yaml", ignored);
}

/// The packages in a folder, in the order of their names.
Result<std::vector<fs::path>> packages_in(const fs::path& folder) {
  std::vector<fs::path> inside;
  std::error_code error;
  fs::directory_iterator item(folder, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    std::error_code ignored;
    if (item->path().extension() == ".zip" ||
        (item->is_directory(ignored) && is_package_folder(item->path())))
      inside.push_back(item->path());
  }
  if (error) return Failure(io::system_error(error.value(), "list the folder", folder));
  std::sort(inside.begin(), inside.end());
  return inside;
}

/// Replaces folders of packages by the packages in them. A folder that cannot be listed is rejected.
std::vector<fs::path> expand(const std::vector<fs::path>& paths, std::vector<Rejection>& rejected) {
  std::vector<fs::path> packages;
  for (const fs::path& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error) || is_package_folder(path)) {
      packages.push_back(path);
      continue;
    }
    auto inside = packages_in(path);
    if (!inside) {
      rejected.push_back({path.string(), std::move(inside).error()});
      continue;
    }
    if (inside->empty()) packages.push_back(path);
    packages.insert(packages.end(), inside->begin(), inside->end());
  }
  return packages;
}

/// Warns when the specification is kernel blind. When the check itself fails there is no warning, since
/// blindness is no reason to refuse a learnware.
void warn_if_blind(const learnwares::EntryFields& entry, const compute::Backend& backend,
                   catalog::LearnwareRecord& record, std::vector<std::string>* warnings) {
  if (!entry.specification) return;
  const auto value = query::blind_value(*entry.specification, backend);
  if (!value || !*value) return;
  std::string warning = query::blind_warning(**value, entry.specification->kernel);
  if (warnings != nullptr) warnings->push_back(warning);
  record.warnings.push_back(std::move(warning));
}

/// A package that was read, with its canonical file. The destructor removes the file, unless it became part
/// of the dock.
struct StagedPackage {
  explicit StagedPackage(fs::path path) : canonical(std::move(path)) {}
  StagedPackage(const StagedPackage&) = delete;
  StagedPackage& operator=(const StagedPackage&) = delete;
  ~StagedPackage() { io::disk::remove_any(canonical); }  // else staging is emptied on open
  const fs::path canonical;
  catalog::LearnwareRecord record;
  NewEntries entries;
};

/// Fills in what the package says. The record and the entry are made of the same decoded specifications.
Result<void> describe_package(const Truth& truth, const View& view, package::Package package,
                              const fs::path& path, const specification::SemanticSpecification* semantic,
                              StagedPackage& staged) {
  // A staged upload's file name is the server's own; its model's class says more.
  const bool uploaded = path.parent_path() == truth.staging();
  LEARNDOCK_TRY(PackageRecord made,
                record_of(package, semantic, uploaded ? package.model.class_name : path.stem().string(),
                          truth.limits().max_points));
  staged.record = std::move(made.record);
  std::error_code ignored;
  staged.record.package_bytes = fs::file_size(staged.canonical, ignored);
  staged.entries.push_back(entry_fields_of(staged.record, std::move(made.semantic),
                                           std::move(package.statistical), view.current()->kernels));
  return {};
}

/// The id of a package on its way in: that of the learnware that has the same content, or one that no
/// learnware has, which the destructor gives back unless it was used.
class IncomingId {
 public:
  explicit IncomingId(Truth& truth) : truth_(truth) {}
  IncomingId(const IncomingId&) = delete;
  IncomingId& operator=(const IncomingId&) = delete;
  ~IncomingId() {
    if (taken_ && !used_) truth_.give_back(std::move(id_));
  }
  Result<LearnwareId> choose(const std::string& content) {
    LEARNDOCK_TRY(const auto owner, truth_.catalog().owner_of_content(content));
    if (owner) return id_ = *owner;
    LEARNDOCK_TRY(id_, truth_.take_id());
    taken_ = true;
    return id_;
  }
  [[nodiscard]] const LearnwareId& id() const { return id_; }
  /// After a failure of which it is not known whether the record was stored, too.
  void mark_used() { used_ = true; }

 private:
  Truth& truth_;
  LearnwareId id_;
  bool taken_ = false, used_ = false;
};

/// What a package is read from and into.
struct Reading {
  const fs::path& path;
  const specification::SemanticSpecification* semantic;
  const archive::ArchiveLimits& limits;
  SpaceHold& hold;
  const fs::path& canonical;

  [[nodiscard]] Result<package::Package> read(const package::IdChoice& choose = {}) const {
    const auto room = [this](std::uint64_t bytes) { return hold.take(bytes); };
    return package::read_package(path, canonical, semantic, limits, room, choose);
  }
};

/// Reads a package that the dock has in the form in which earlier versions stored packages: all files as they
/// were. Sending such a package again finds it, and mends it if its file was lost. Nothing for other
/// packages.
Result<std::optional<package::Package>> read_as_earlier(const Truth& truth, const Reading& reading) {
  LEARNDOCK_TRY(const bool earlier, truth.catalog().has_earlier_packages());
  if (!earlier) return std::optional<package::Package>();
  LEARNDOCK_TRY(package::Package package, reading.read());
  LEARNDOCK_TRY(const std::string digest, io::digest_of_file(reading.canonical));
  LEARNDOCK_TRY(const bool there, truth.catalog().has_package(digest));
  if (there) return std::optional(std::move(package));
  reading.hold.release();  // the file is written again, in another form
  return std::optional<package::Package>();
}

Result<package::Package> read_incoming(const Truth& truth, const Reading& reading, IncomingId& id) {
  LEARNDOCK_TRY(auto earlier, read_as_earlier(truth, reading));
  if (earlier) return std::move(*earlier);
  return reading.read([&](const std::string& content) { return id.choose(content); });
}

}  // namespace

Result<catalog::LearnwareRecord> import_package(Truth& truth, View& view, const compute::Backend& backend,
                                                const archive::ArchiveLimits& limits, const fs::path& path,
                                                const specification::SemanticSpecification* semantic,
                                                std::vector<std::string>* warnings) {
  LEARNDOCK_CHECK(truth.writable());
  SpaceHold hold(truth.space());  // released after the staged file is removed
  StagedPackage staged(truth.staged_package());
  IncomingId id(truth);
  LEARNDOCK_TRY(package::Package package,
                read_incoming(truth, {path, semantic, limits, hold, staged.canonical}, id));
  hold.written();
  if (warnings != nullptr)
    warnings->insert(warnings->end(), package.warnings.begin(), package.warnings.end());
  LEARNDOCK_CHECK(describe_package(truth, view, std::move(package), path, semantic, staged));
  staged.record.id = id.id();
  warn_if_blind(staged.entries.front(), backend, staged.record, warnings);
  LEARNDOCK_CHECK(compute_self_terms(staged.entries, backend));

  const Lock lock(truth.writer());
  auto stored = truth.insert_package(std::move(staged.record), staged.canonical, hold);
  if (stored || stored.error().code != ErrorCode::package_duplicate) id.mark_used();
  if (stored) view.add(truth, {&*stored, 1}, std::move(staged.entries));
  return stored;
}

ImportOutcome import_all(const std::vector<fs::path>& paths, const AddPackage& add,
                         const Dock::Progress& progress) {
  ImportOutcome outcome;
  const std::vector<fs::path> packages = expand(paths, outcome.rejected);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    std::vector<std::string> warnings;
    auto added = add(packages[i], warnings);
    for (const std::string& warning : warnings)
      outcome.warnings.push_back(packages[i].string() + ": " + warning);
    if (added)
      outcome.imported.push_back(added->id);
    else
      outcome.rejected.push_back({packages[i].string(), std::move(added).error()});
    if (progress) progress(i + 1, packages.size());
  }
  return outcome;
}

}  // namespace learndock::dock
