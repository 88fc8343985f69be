#include "learndock/dock/dock.hpp"

#include "learndock/compute/registry.hpp"

#include "base/parallel.hpp"
#include "blobs/local_blob_store.hpp"
#include "catalog/verification_jobs.hpp"
#include "dock/backends.hpp"
#include "dock/bulk_import.hpp"
#include "dock/deleting.hpp"
#include "dock/index/index_keeper.hpp"
#include "dock/index/indexing.hpp"
#include "dock/package_import.hpp"
#include "dock/searching.hpp"
#include "dock/status.hpp"
#include "dock/statuses.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"
#include "io/file_rights.hpp"
#include "package/canonical_entry.hpp"
#include "package/manifest.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

TruthOptions truth_options(const DockOptions& options, const DockLimits& limits) {
  TruthOptions truth;
  truth.read_only = options.read_only;
  truth.limits = limits;
  truth.room = {options.max_dock_bytes.value_or(limits.max_dock_bytes), options.min_free_bytes};
  // The usual value is too much for a small disk, so there it counts only when it was asked for.
  if (!truth.room.min_free_bytes && limits.min_free_bytes != DockLimits{}.min_free_bytes)
    truth.room.min_free_bytes = limits.min_free_bytes;
  truth.keep_deleted_days = options.keep_deleted_days.value_or(limits.keep_deleted_days);
  truth.disk_probe = options.disk_probe;
  truth.count_bytes = options.tend_index;
  return truth;
}

IndexingOptions indexing_options(const DockOptions& options) {
  return {options.index_from, options.entries_from, options.threads == 0 ? usable_cores() : options.threads};
}

}  // namespace

/// The objects of an open dock. Each refers only to those before it.
struct Dock::State {
  State(std::unique_ptr<Truth> opened, std::shared_ptr<const compute::Backend> backend,
        const DockOptions& given)
      : options(given),
        truth(std::move(opened)),
        view(std::string(backend->name())),
        indexing(*truth, view, backend, indexing_options(given)),
        backends(std::move(backend), given.threads) {}

  Result<void> open() {
    LEARNDOCK_CHECK(truth->open());
    LEARNDOCK_CHECK(indexing.open());
    if (truth->read_only()) return {};
    truth->tidy();
    if (options.tend_index) keeper = std::make_unique<IndexKeeper>(indexing, *truth);
    return {};
  }
  void notify() const {
    if (keeper) keeper->notify();
  }

  const DockOptions options;
  const std::unique_ptr<Truth> truth;
  View view;
  Indexing indexing;
  Backends backends;
  Statuses statuses;
  std::unique_ptr<IndexKeeper> keeper;  // null: the index is extended by `tend_index` alone
};

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
  auto truth = std::make_unique<Truth>(directory, truth_options(options, description.limits));
  LEARNDOCK_CHECK(truth->take_lock());
  LEARNDOCK_TRY(auto backend, compute::open_backend(options.backend, options.threads));
  LEARNDOCK_CHECK(truth->prepare());
  auto state = std::make_unique<State>(std::move(truth), std::move(backend), options);
  const auto opened = state->open();
  if (!opened && options.read_only && opened.error().code == ErrorCode::unsupported) {
    state.reset();  // an older version's catalogue, which is brought up to date where it can be written
    DockOptions writing = options;
    writing.read_only = false;
    return open(directory, writing);
  }
  LEARNDOCK_CHECK(opened);
  return std::unique_ptr<Dock>(new Dock(std::move(state)));
}

Result<query::SearchAnswer> Dock::search(const query::SearchRequest& request) const {
  const auto search = [&]() -> Result<query::SearchAnswer> {
    if (!request.statuses.empty()) LEARNDOCK_CHECK(state_->statuses.refresh(*state_->truth, state_->view));
    return search_view(*state_->truth, state_->view, state_->indexing, state_->backends, request,
                       state_->options.threads, [this] { state_->notify(); });
  };
  LEARNDOCK_TRY(query::SearchAnswer answer, search());
  // A snapshot that was made anew meanwhile, because of a lost file, does not know the statuses.
  if (!request.statuses.empty() && !state_->view.current()->tried) {
    LEARNDOCK_TRY(answer, search());
  }
  LEARNDOCK_CHECK(add_statuses(*state_->truth, answer));
  return answer;
}

Result<catalog::LearnwareRecord> Dock::add_package(const fs::path& path,
                                                   const specification::SemanticSpecification* semantic,
                                                   std::vector<std::string>* warnings) {
  auto added = import_package(*state_->truth, state_->view, *state_->backends.own(),
                              state_->options.package_limits, path, semantic, warnings);
  if (added) state_->notify();
  return added;
}

Result<ImportOutcome> Dock::import_packages(const std::vector<fs::path>& paths, const Progress& progress) {
  const auto add = [this](const fs::path& path, std::vector<std::string>& warnings) {
    return add_package(path, nullptr, &warnings);
  };
  return import_all(paths, add, progress);
}

Result<ImportOutcome> Dock::import_specifications(const fs::path& jsonl, const Progress& progress) {
  return import_lines(*state_->truth, state_->view, *state_->backends.own(), jsonl,
                      {progress, [this] { state_->notify(); }, [this] { state_->indexing.store_entries(); }});
}

Result<catalog::LearnwareRecord> Dock::find(const LearnwareId& id) const {
  return state_->truth->catalog().find(id);
}

Result<catalog::RecordPage> Dock::list(std::uint64_t after, std::size_t limit) const {
  return state_->truth->catalog().list(after, limit);
}

Result<catalog::VerificationStatus> Dock::verification(const LearnwareId& id) const {
  return state_->truth->catalog().verification(id);
}

Result<catalog::VerificationStatus> Dock::verify_again(const LearnwareId& id) {
  LEARNDOCK_CHECK(state_->truth->writable());
  LEARNDOCK_TRY(const auto jobs, catalog::open_verification_jobs(state_->truth->folder().catalogue()));
  return jobs->ask_again(id);
}

Result<catalog::JobCounts> Dock::verification_counts() const {
  return state_->truth->catalog().verification_counts();
}

Result<fs::path> Dock::package_path(const LearnwareId& id) const {
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, find(id));
  if (record.package_digest.empty())
    return fail(ErrorCode::not_found, fmt::format("learnware {} has no package in this dock", id.text()), {},
                record.url.empty() ? "" : "its record names " + record.url);
  return state_->truth->package_path(record.package_digest);
}

Result<package::ModelEntry> Dock::model_entry(const LearnwareId& id) const {
  LEARNDOCK_TRY(const fs::path path, package_path(id));
  const auto& limits = state_->options.package_limits;
  LEARNDOCK_TRY(const std::string yaml, package::read_entry(path, "learnware.yaml", limits.max_yaml_bytes));
  LEARNDOCK_TRY(package::Manifest manifest, package::read_manifest(yaml, limits));
  return std::move(manifest.model);
}

Result<catalog::LearnwareRecord> Dock::remove(const LearnwareId& id,
                                              std::optional<std::int64_t>* kept_until_unix_ms) {
  return delete_learnware(*state_->truth, state_->view, id, kept_until_unix_ms);
}

std::vector<DeletedLearnware> Dock::deleted() const {
  const Lock lock(state_->truth->writer());
  return state_->truth->deletions().list();
}

Result<catalog::LearnwareRecord> Dock::undelete(const LearnwareId& id) {
  auto back = undelete_learnware(*state_->truth, state_->view, *state_->backends.own(), id);
  if (back) state_->notify();
  return back;
}

Result<void> Dock::room_for(std::uint64_t bytes) const { return state_->truth->room_for(bytes); }

SpaceHold Dock::hold_space() const { return SpaceHold(state_->truth->space()); }

DiskStatus Dock::disk() const { return state_->truth->disk(); }

Result<std::size_t> Dock::tend_index() {
  LEARNDOCK_CHECK(state_->truth->writable());
  std::size_t made = 0;
  while (true) {
    LEARNDOCK_TRY(const bool changed, state_->indexing.tend());
    if (!changed) return made;
    ++made;
  }
}

DockStatus Dock::status() const { return status_of(*state_->truth, *state_->view.current()); }

const DockLimits& Dock::limits() const { return state_->truth->limits(); }

const fs::path& Dock::staging_directory() const { return state_->truth->staging(); }

}  // namespace learndock::dock
