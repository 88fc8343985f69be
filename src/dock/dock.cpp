#include "learndock/dock/dock.hpp"

#include "learndock/compute/registry.hpp"
#include "learndock/specification/codec.hpp"

#include "blobs/local_blob_store.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/dock_state.hpp"
#include "dock/index/stored_index.hpp"
#include "dock/index_keeper.hpp"
#include "dock/view/package_record.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"
#include "package/canonical_entry.hpp"
#include "package/manifest.hpp"
#include "query/blind_check.hpp"
#include "query/searcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

/// How many damaged files one search gives up, one after another, before it ends with an error.
constexpr int kMostLostFiles = 3;

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
                   std::vector<std::string>& warnings) {
  if (!entry.specification) return;
  const auto value = query::blind_value(*entry.specification, backend);
  if (value && *value) warnings.push_back(query::blind_warning(**value, entry.specification->kernel));
}

}  // namespace

Result<void> Dock::open_to_write(State& state) {
  std::error_code error;
  fs::remove_all(state.staging, error);
  if (error) return Failure(io::system_error(error.value(), "empty the folder", state.staging));
  LEARNDOCK_CHECK(io::create_private_folder(state.staging));
  const bool indexed = fs::exists(DockFolder(state.directory).index(), error);
  LEARNDOCK_TRY(state.catalog, catalog::open_sqlite_catalog(DockFolder(state.directory).catalogue(), false));
  LEARNDOCK_TRY(state.blobs, blobs::open_local_blob_store(DockFolder(state.directory).packages()));
  state.deleted->recover(*state.catalog, *state.blobs);
  LEARNDOCK_CHECK(state.count_orphans());
  LEARNDOCK_TRY(state.store, store::IndexStore::open(DockFolder(state.directory).index()));
  if (!indexed) LEARNDOCK_CHECK(state.say_unindexed());
  LEARNDOCK_CHECK(state.load(*state.store->current()));
  state.tidy();
  return {};
}

Result<void> Dock::open_to_read(State& state) {
  LEARNDOCK_TRY(state.catalog, catalog::read_sqlite_catalog(DockFolder(state.directory).catalogue()));
  state.blobs = blobs::read_local_blob_store(DockFolder(state.directory).packages());
  LEARNDOCK_CHECK(state.count_orphans());
  std::error_code ignored;
  if (!fs::exists(DockFolder(state.directory).index(), ignored)) LEARNDOCK_CHECK(state.say_unindexed());
  LEARNDOCK_TRY(const store::IndexVersion stored, store::read_index(DockFolder(state.directory).index()));
  return state.load(stored);
}

Dock::Dock(std::unique_ptr<State> state) : state_(std::move(state)) {}
Dock::~Dock() = default;

Result<void> Dock::create(const fs::path& directory, const DockLimits& limits) {
  std::error_code error;
  if (fs::exists(DockFolder(directory).settings(), error))
    return fail(ErrorCode::conflict, "there is already a dock", directory.string(),
                "use it with --dock, or choose another folder");
  LEARNDOCK_CHECK(io::create_private_folder(directory));
  if (!fs::is_empty(directory, error))
    return fail(ErrorCode::conflict, "the folder is not empty", directory.string(),
                "choose an empty or a new folder");
  LEARNDOCK_TRY(const auto catalog, catalog::open_sqlite_catalog(DockFolder(directory).catalogue(), true));
  LEARNDOCK_TRY(const auto blobs, blobs::open_local_blob_store(DockFolder(directory).packages()));
  LEARNDOCK_TRY(const catalog::Counters counters, catalog->counters());
  LEARNDOCK_CHECK(write_mark(directory, {counters, 0}));
  // Last, so that a half-made dock is not taken for one.
  return write_dock_file(directory, {limits});
}

Result<std::unique_ptr<Dock>> Dock::open(const fs::path& directory, const DockOptions& options) {
  LEARNDOCK_TRY(const DockFile description, read_dock_file(directory));
  auto state = std::make_unique<State>();
  state->limits = description.limits;
  state->options = options;
  state->directory = directory;
  state->staging = DockFolder(directory).staging();
  LEARNDOCK_CHECK(
      state->lock.acquire(directory, options.read_only ? LockMode::shared : LockMode::exclusive, kAskServer));
  LEARNDOCK_TRY(state->backend, compute::open_backend(options.backend, options.threads));
  state->watch_disk();
  // This comes before anything is opened for writing: the content that a catalogue with lost records still
  // has stays as it is.
  LEARNDOCK_CHECK(check_catalogue_is_current(directory));
  const auto opened = options.read_only ? open_to_read(*state) : open_to_write(*state);
  if (!opened && options.read_only && opened.error().code == ErrorCode::unsupported) {
    state.reset();  // an older version's catalogue, which is brought up to date where it can be written
    DockOptions writing = options;
    writing.read_only = false;
    return open(directory, writing);
  }
  LEARNDOCK_CHECK(opened);
  if (options.tend_index && !options.read_only) state->keeper = std::make_unique<IndexKeeper>(*state);
  return std::unique_ptr<Dock>(new Dock(std::move(state)));
}

Result<query::SearchAnswer> Dock::search(const query::SearchRequest& request) const {
  LEARNDOCK_TRY(const auto backend, state_->backend_named(request.backend));
  std::shared_ptr<const learnwares::Snapshot> snapshot;  // held: hits are borrowed from it
  const auto search = [&]() -> Result<query::SearchAnswer> {
    snapshot = state_->snapshots.current();
    auto found = query::search_snapshot(*snapshot, request, *backend, state_->options.threads,
                                        state_->catalog.get(), state_->limits.max_points);
    LEARNDOCK_CHECK(snapshot->intact());  // else zeros may have been read in a lost file's place
    return found;
  };
  auto answer = search();
  // A file that is found damaged is given up: its content is read from the catalogue, and the learnwares of a
  // part are compared directly until it is rebuilt. The next try may find another damaged file.
  for (int met = 0; met < kMostLostFiles && !answer && answer.error().code == ErrorCode::corrupt; ++met) {
    if (!state_->give_up_lost(*snapshot)) break;
    answer = search();
  }
  return answer;
}

Result<catalog::LearnwareRecord> Dock::add_package(const fs::path& path,
                                                   const specification::SemanticSpecification* semantic,
                                                   std::vector<std::string>* warnings) {
  LEARNDOCK_CHECK(state_->writable());
  const fs::path canonical = state_->staging / fmt::format("canonical-{}.zip", state_->staged++);
  SpaceHold hold(*state_->space);
  LEARNDOCK_TRY(const package::Package package,
                package::read_package(path, canonical, semantic, state_->options.package_limits,
                                      [&](std::uint64_t bytes) { return hold.take(bytes); }));
  hold.written();
  const auto remove_canonical = [&] {
    std::error_code ignored;  // staging is emptied on open
    fs::remove(canonical, ignored);
  };
  if (warnings != nullptr)
    warnings->insert(warnings->end(), package.warnings.begin(), package.warnings.end());
  // A staged upload's file name is the server's own; its model's class says more.
  const bool staged = path.parent_path() == state_->staging;
  auto described = record_of(package, semantic, staged ? package.model.class_name : path.stem().string(),
                             state_->limits.max_points);
  if (!described) {
    remove_canonical();
    return Failure(std::move(described).error());
  }
  catalog::LearnwareRecord record = std::move(*described);
  std::error_code size_error;
  record.package_bytes = fs::file_size(canonical, size_error);

  auto entry = entry_fields(record, state_->kernels);
  if (entry) {
    std::vector<std::string> blind;
    warn_if_blind(*entry, *state_->backend, blind);
    for (std::vector<std::string>* told : {warnings, &record.warnings})
      if (told != nullptr) told->insert(told->end(), blind.begin(), blind.end());
  }
  if (entry)
    if (auto known = compute_self_terms({&*entry, 1}, *state_->backend); !known)
      entry = Failure(std::move(known).error());

  const Lock lock(state_->writer);
  auto digest = state_->blobs->adopt(canonical);
  remove_canonical();
  if (!digest) return Failure(std::move(digest).error());
  record.package_digest = *digest;
  hold.release();
  state_->space->stored(record.package_bytes);
  state_->give_up_deleted({&record, 1});
  auto stored = entry ? state_->insert({&record, 1}, {std::move(*entry)}) : Failure(std::move(entry).error());
  if (stored) return std::move(stored->front());
  const auto named = state_->catalog->has_package(*digest);
  state_->space->removed(record.package_bytes);
  if (named && !*named) LEARNDOCK_CHECK(state_->blobs->remove(*digest));
  return Failure(std::move(stored).error());
}

Result<ImportOutcome> Dock::import_packages(const std::vector<fs::path>& paths, const Progress& progress) {
  ImportOutcome outcome;
  const std::vector<fs::path> packages = expand(paths, outcome.rejected);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    std::vector<std::string> warnings;
    auto added = add_package(packages[i], nullptr, &warnings);
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

Result<catalog::LearnwareRecord> Dock::find(const LearnwareId& id) const { return state_->catalog->find(id); }

Result<catalog::RecordPage> Dock::list(std::uint64_t after, std::size_t limit) const {
  return state_->catalog->list(after, limit);
}

Result<fs::path> Dock::package_path(const LearnwareId& id) const {
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, find(id));
  if (record.package_digest.empty())
    return fail(ErrorCode::not_found, fmt::format("learnware {} has no package in this dock", id.text()), {},
                record.url.empty() ? "" : "its record names " + record.url);
  return state_->blobs->path_of(record.package_digest);
}

Result<package::ModelEntry> Dock::model_entry(const LearnwareId& id) const {
  LEARNDOCK_TRY(const fs::path path, package_path(id));
  const auto& limits = state_->options.package_limits;
  LEARNDOCK_TRY(const std::string yaml, package::read_entry(path, "learnware.yaml", limits.max_yaml_bytes));
  LEARNDOCK_TRY(package::Manifest manifest, package::read_manifest(yaml, limits));
  return std::move(manifest.model);
}

Result<void> Dock::room_for(std::uint64_t bytes) const {
  auto fits = state_->space->room_for(bytes);
  // Deleted learnwares make room when the bytes arrive, and not for a length that is only announced.
  if (!fits && state_->space->would_fit(bytes, state_->deleted->bytes())) return {};
  return fits;
}

SpaceHold Dock::hold_space() const { return SpaceHold(*state_->space); }

DiskStatus Dock::disk() const {
  DiskStatus status = state_->space->status();
  if (!status.read_only.empty() && room_for(1)) status.read_only.clear();
  return status;
}

Result<std::size_t> Dock::tend_index() {
  LEARNDOCK_CHECK(state_->writable());
  std::size_t made = 0;
  while (true) {
    LEARNDOCK_TRY(const bool changed, dock::tend_index(*state_));
    if (!changed) return made;
    ++made;
  }
}

DockStatus Dock::status() const {
  const auto snapshot = state_->snapshots.current();
  DockStatus status;
  status.learnwares = snapshot->entries.size();
  status.index_version = snapshot->version;
  status.specification_bytes = snapshot->specification_bytes;
  status.backend = state_->backend->name();
  {
    const Lock hold(state_->finding);
    status.damaged = state_->damaged.size();
    status.orphans = state_->orphans;
  }
  status.read_only = state_->options.read_only;
  if (!snapshot->parts) return status;
  status.indexed = snapshot->parts->live_count();
  for (const auto& part : snapshot->parts->parts) {
    std::string name = part->part->prefilter().name();
    if (std::find(status.prefilters.begin(), status.prefilters.end(), name) == status.prefilters.end())
      status.prefilters.push_back(std::move(name));
  }
  return status;
}

const DockLimits& Dock::limits() const { return state_->limits; }

const fs::path& Dock::staging_directory() const { return state_->staging; }

}  // namespace learndock::dock
