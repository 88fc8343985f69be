#include "learndock/market/market.hpp"

#include "learndock/base/file.hpp"
#include "learndock/catalog/catalog.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/package/blob_store.hpp"
#include "learndock/spec/codec.hpp"

#include "market/searcher.hpp"
#include "package/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <sys/file.h>
#include <unistd.h>

namespace learndock::market {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDockFile = "dock.json";
constexpr int kDockFormat = 1;
/// Lines of a bulk import stored in one transaction.
constexpr std::size_t kBulkBatch = 2000;

/// An advisory lock on the dock directory, held while the market is open; the kernel drops it when the
/// process dies.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  Result<void> acquire(const fs::path& directory) {
    const fs::path path = directory / "lock";
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) return Failure(system_error(errno, "open", path));
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0)
      return fail(ErrorCode::conflict, "another process has this dock open", directory.string(),
                  "stop it, or talk to it with --server");
    return {};
  }

 private:
  int fd_ = -1;
};

/// Everything of an entry but its self term, which is computed for many at once.
Result<std::shared_ptr<index::Entry>> make_entry(const catalog::LearnwareRecord& record) {
  auto entry = std::make_shared<index::Entry>();
  entry->sequence = record.sequence;
  entry->id = record.id;
  entry->name = record.name;
  LEARNDOCK_TRY(const spec::SemanticSpecification semantic,
                spec::semantic_from_json_text(record.semantic_json));
  entry->values = semantic.values;
  entry->folded_name = index::fold_case(semantic.name.empty() ? record.name : semantic.name);
  entry->folded_description = index::fold_case(semantic.description);
  if (!record.statistical.empty()) {
    LEARNDOCK_TRY(entry->specification, spec::from_binary(record.statistical));
  }
  return entry;
}

using NewEntries = std::vector<std::shared_ptr<index::Entry>>;

Result<void> compute_self_terms(const NewEntries& entries, const compute::Backend& backend) {
  std::vector<index::Entry*> gaussian;
  std::vector<compute::ReducedSetView> views;
  for (const auto& entry : entries)
    if (entry->specification && entry->specification->gaussian()) {
      gaussian.push_back(entry.get());
      views.push_back(entry->specification->view());
    }
  std::vector<double> self(views.size());
  LEARNDOCK_CHECK(backend.self_inner_products(views, self));
  for (std::size_t i = 0; i < gaussian.size(); ++i) gaussian[i]->self_inner = self[i];
  return {};
}

std::uint64_t specification_bytes(const index::Entry& entry) {
  if (!entry.specification) return 0;
  return sizeof(double) * (entry.specification->points.values().size() + entry.specification->weights.size());
}

std::string name_for(const spec::SemanticSpecification* semantic, const std::string& yaml_name,
                     const fs::path& path) {
  if (semantic != nullptr && !semantic->name.empty()) return semantic->name;
  if (!yaml_name.empty()) return yaml_name;
  return path.stem().string();
}

/// What is known of a package without a semantic specification: its name and, for tables, the input's
/// dimension.
spec::SemanticSpecification inferred_semantic(const std::string& name,
                                              const std::optional<spec::RkmeSpecification>& stat) {
  spec::SemanticSpecification semantic;
  semantic.name = name;
  if (stat && stat->type == spec::StatisticalType::rkme_table) {
    semantic.of(spec::SemanticKey::data) = {"Table"};
    semantic.input = spec::FeatureDescription{static_cast<std::uint32_t>(stat->dimension()), {}};
  }
  return semantic;
}

/// One line of a bulk import: {"id"?, "semantic"?, "stat", "url"?}.
Result<catalog::LearnwareRecord> record_from_line(std::string_view line) {
  LEARNDOCK_TRY(const Json json, parse_json(line));
  if (!json.is_object()) return fail(ErrorCode::semantic_shape, "a line is a JSON object");
  catalog::LearnwareRecord record;
  for (const auto& [key, value] : json.items()) {
    if (key == "id" && !value.is_null()) {
      if (!value.is_string() && !value.is_number_integer())
        return fail(ErrorCode::invalid_argument, "id is a string or a whole number", "/id");
      LEARNDOCK_TRY(record.id,
                    LearnwareId::create(value.is_string() ? value.get<std::string>() : value.dump()));
    } else if (key == "semantic" && !value.is_null()) {
      LEARNDOCK_TRY(const spec::SemanticSpecification semantic, spec::semantic_from_json(value));
      record.name = semantic.name;
      record.semantic_json = to_text(spec::semantic_to_json(semantic));
    } else if (key == "stat" && !value.is_null()) {
      LEARNDOCK_TRY(const spec::RkmeSpecification stat, spec::from_json(value));
      record.statistical = spec::to_binary(stat);
    } else if (key == "url" && !value.is_null()) {
      if (!value.is_string() || value.get_ref<const std::string&>().size() > 4096)
        return fail(ErrorCode::invalid_argument, "url is a string of at most 4096 bytes", "/url");
      record.url = value.get<std::string>();
    }
  }
  if (record.semantic_json.empty()) record.semantic_json = to_text(spec::semantic_to_json({}));
  if (record.name.empty()) record.name = record.id.text();
  return record;
}

bool is_package_folder(const fs::path& path) { return fs::exists(path / "learnware.yaml"); }

/// Folders of packages are replaced by what they hold, in the order of names.
std::vector<fs::path> expand(const std::vector<fs::path>& paths) {
  std::vector<fs::path> packages;
  for (const fs::path& path : paths) {
    std::error_code ignored;  // what cannot be listed is tried as a package and reported there
    if (!fs::is_directory(path, ignored) || is_package_folder(path)) {
      packages.push_back(path);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& item : fs::directory_iterator(path, ignored))
      if (item.path().extension() == ".zip" || (item.is_directory() && is_package_folder(item.path())))
        inside.push_back(item.path());
    std::sort(inside.begin(), inside.end());
    if (inside.empty()) packages.push_back(path);
    packages.insert(packages.end(), inside.begin(), inside.end());
  }
  return packages;
}

}  // namespace

struct Market::State {
  MarketOptions options;
  fs::path directory;
  fs::path staging;
  DirectoryLock lock;
  std::shared_ptr<const compute::Backend> backend;
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<package::BlobStore> blobs;
  index::SnapshotHolder snapshots;
  std::mutex writer;  // one change at a time: catalogue, then index
  std::atomic<std::uint64_t> staged{0};

  Result<void> load() {
    NewEntries entries;
    LEARNDOCK_CHECK(catalog->visit_all([&](catalog::LearnwareRecord& record) -> Result<void> {
      auto entry = make_entry(record);
      if (!entry) return pass_on(std::move(entry).error(), "learnware " + record.id.text());
      entries.push_back(std::move(*entry));
      return {};
    }));
    LEARNDOCK_CHECK(compute_self_terms(entries, *backend));
    const std::uint64_t version = entries.empty() ? 0 : entries.back()->sequence;
    publish({}, entries, version);
    return {};
  }

  /// The entries kept, then the new ones, become what searches see.
  void publish(std::vector<std::shared_ptr<const index::Entry>> kept, const NewEntries& added,
               std::uint64_t version) {
    auto next = std::make_shared<index::Snapshot>();
    next->version = version;
    next->entries = std::move(kept);
    next->entries.insert(next->entries.end(), added.begin(), added.end());
    snapshots.replace(std::move(next));
  }

  /// All that can fail comes before the catalogue's transaction: what is stored is also searchable. The
  /// caller holds `writer`.
  Result<std::vector<catalog::LearnwareRecord>> insert(std::span<const catalog::LearnwareRecord> records) {
    NewEntries entries;
    for (const catalog::LearnwareRecord& record : records) {
      LEARNDOCK_TRY(auto entry, make_entry(record));
      entries.push_back(std::move(entry));
    }
    LEARNDOCK_CHECK(compute_self_terms(entries, *backend));
    LEARNDOCK_TRY(std::vector<catalog::LearnwareRecord> stored, catalog->insert(records));
    for (std::size_t i = 0; i < stored.size(); ++i) {
      entries[i]->id = stored[i].id;
      entries[i]->sequence = stored[i].sequence;
    }
    const auto current = snapshots.current();
    publish(current->entries, entries, current->version + 1);
    return stored;
  }

  /// Blobs that no record names: uploads cut off between the blob and its row.
  Result<void> sweep_blobs() {
    LEARNDOCK_TRY(const std::vector<std::string> digests, blobs->list());
    for (const std::string& digest : digests) {
      LEARNDOCK_TRY(const bool named, catalog->has_package(digest));
      if (!named) LEARNDOCK_CHECK(blobs->remove(digest));
    }
    return {};
  }
};

Market::Market(std::unique_ptr<State> state) : state_(std::move(state)) {}
Market::~Market() = default;

Result<void> Market::create(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory / kDockFile, error))
    return fail(ErrorCode::conflict, "there is already a dock", directory.string(),
                "use it with --dock, or choose another folder");
  fs::create_directories(directory, error);
  if (error) return Failure(system_error(error.value(), "create the folder of", directory));
  if (!fs::is_empty(directory, error))
    return fail(ErrorCode::conflict, "the folder is not empty", directory.string(),
                "choose an empty or a new folder");
  LEARNDOCK_TRY(const auto catalog, catalog::open_sqlite_catalog(directory / "catalog.sqlite", true));
  LEARNDOCK_TRY(const auto blobs, package::open_local_blob_store(directory / "packages"));
  // Last, so that a half-made dock is not taken for one.
  return write_file_atomically(directory / kDockFile, to_pretty_text({{"format", kDockFormat}}) + "\n");
}

Result<std::unique_ptr<Market>> Market::open(const fs::path& directory, const MarketOptions& options) {
  auto description = read_file(directory / kDockFile, 1 << 16);
  if (!description)
    return fail(ErrorCode::not_found, "there is no dock here", directory.string(),
                fmt::format("make one: learndock init {}", directory.string()));
  LEARNDOCK_TRY(const Json json, parse_json(*description));
  if (!json.is_object() || json.value("format", Json(0)) != Json(kDockFormat))
    return fail(ErrorCode::unsupported, "the dock was written by another version of learndock",
                (directory / kDockFile).string());
  auto state = std::make_unique<State>();
  state->options = options;
  state->directory = directory;
  state->staging = directory / "staging";
  LEARNDOCK_CHECK(state->lock.acquire(directory));
  LEARNDOCK_TRY(state->backend, compute::open_backend(options.backend, options.threads));
  std::error_code error;
  fs::remove_all(state->staging, error);
  fs::create_directories(state->staging, error);
  if (error) return Failure(system_error(error.value(), "create the folder of", state->staging));
  LEARNDOCK_TRY(state->catalog, catalog::open_sqlite_catalog(directory / "catalog.sqlite", false));
  LEARNDOCK_TRY(state->blobs, package::open_local_blob_store(directory / "packages"));
  LEARNDOCK_CHECK(state->sweep_blobs());
  LEARNDOCK_CHECK(state->load());
  return std::unique_ptr<Market>(new Market(std::move(state)));
}

Result<SearchAnswer> Market::search(const SearchRequest& request) const {
  std::shared_ptr<const compute::Backend> backend = state_->backend;
  if (!request.backend.empty() && request.backend != backend->name()) {
    LEARNDOCK_TRY(backend, compute::open_backend(request.backend, state_->options.threads));
  }
  return search_snapshot(*state_->snapshots.current(), request, *backend);
}

Result<catalog::LearnwareRecord> Market::add_package(const fs::path& path,
                                                     const spec::SemanticSpecification* semantic,
                                                     std::vector<std::string>* warnings) {
  const fs::path canonical = state_->staging / fmt::format("canonical-{}.zip", state_->staged++);
  LEARNDOCK_TRY(const package::Package package,
                package::read_package(path, canonical, semantic, state_->options.package_limits));
  const auto remove_canonical = [&] {
    std::error_code ignored;  // staging is emptied on open
    fs::remove(canonical, ignored);
  };
  if (warnings != nullptr)
    warnings->insert(warnings->end(), package.warnings.begin(), package.warnings.end());
  catalog::LearnwareRecord record;
  const auto* given = semantic != nullptr ? semantic : package.semantic ? &*package.semantic : nullptr;
  // A staged upload's file name is the server's own; its model's class says more.
  const bool staged = path.parent_path() == state_->staging;
  record.name = name_for(given, package.name, staged ? fs::path(package.model.class_name) : path);
  if (given != nullptr) {
    if (auto complete = spec::check_complete(*given); !complete) {
      remove_canonical();
      return pass_on(std::move(complete).error(), "semantic_specification.json");
    }
  }
  record.semantic_json = to_text(spec::semantic_to_json(
      given != nullptr ? *given : inferred_semantic(record.name, package.statistical)));
  if (package.statistical) record.statistical = spec::to_binary(*package.statistical);
  std::error_code size_error;
  record.package_bytes = fs::file_size(canonical, size_error);

  const std::lock_guard lock(state_->writer);
  auto digest = state_->blobs->put(canonical);
  remove_canonical();
  if (!digest) return Failure(std::move(digest).error());
  record.package_digest = *digest;
  auto stored = state_->insert({&record, 1});
  if (stored) return std::move(stored->front());
  const auto named = state_->catalog->has_package(*digest);
  if (named && !*named) LEARNDOCK_CHECK(state_->blobs->remove(*digest));
  return Failure(std::move(stored).error());
}

Result<ImportOutcome> Market::import_packages(const std::vector<fs::path>& paths, const Progress& progress) {
  ImportOutcome outcome;
  const std::vector<fs::path> packages = expand(paths);
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

Result<ImportOutcome> Market::import_specifications(const fs::path& jsonl, const Progress& progress) {
  std::ifstream file(jsonl, std::ios::binary);
  if (!file) return Failure(system_error(errno, "open", jsonl));
  std::error_code size_error;
  const std::uint64_t total = fs::file_size(jsonl, size_error);
  ImportOutcome outcome;
  std::vector<catalog::LearnwareRecord> batch;
  std::vector<std::size_t> batch_lines;
  const auto reject = [&](std::size_t line, Error error) {
    outcome.rejected.push_back({fmt::format("{}:{}", jsonl.string(), line), std::move(error)});
  };
  const auto store = [&](std::span<const catalog::LearnwareRecord> records) -> Result<void> {
    const std::lock_guard lock(state_->writer);
    LEARNDOCK_TRY(const auto stored, state_->insert(records));
    for (const auto& record : stored) outcome.imported.push_back(record.id);
    return {};
  };
  const auto flush = [&]() -> Result<void> {
    auto stored = batch.empty() ? Result<void>() : store(batch);
    if (!stored && stored.error().code == ErrorCode::conflict) {
      // Some line's id is taken: store one by one, so that only that line is rejected.
      stored = Result<void>();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        auto one = store({&batch[i], 1});
        if (one) continue;
        if (one.error().code != ErrorCode::conflict) return one;
        reject(batch_lines[i], std::move(one).error());
      }
    }
    batch.clear();
    batch_lines.clear();
    return stored;
  };
  std::string line;
  std::uint64_t read = 0;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    read += line.size() + 1;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto record = record_from_line(line);
    if (record) {
      batch.push_back(std::move(*record));
      batch_lines.push_back(number);
    } else {
      reject(number, std::move(record).error());
    }
    if (batch.size() < kBulkBatch) continue;
    LEARNDOCK_CHECK(flush());
    if (progress) progress(read, total);
  }
  LEARNDOCK_CHECK(flush());
  if (progress) progress(total, total);
  return outcome;
}

Result<catalog::LearnwareRecord> Market::find(const LearnwareId& id) const {
  return state_->catalog->find(id);
}

Result<catalog::RecordPage> Market::list(std::uint64_t after, std::size_t limit) const {
  return state_->catalog->list(after, limit);
}

Result<fs::path> Market::package_path(const LearnwareId& id) const {
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, find(id));
  if (record.package_digest.empty())
    return fail(ErrorCode::not_found, fmt::format("learnware {} has no package in this dock", id.text()), {},
                record.url.empty() ? "" : "its record names " + record.url);
  return state_->blobs->path_of(record.package_digest);
}

Result<package::ModelEntry> Market::model_entry(const LearnwareId& id) const {
  LEARNDOCK_TRY(const fs::path path, package_path(id));
  const auto& limits = state_->options.package_limits;
  LEARNDOCK_TRY(const std::string yaml, package::read_entry(path, "learnware.yaml", limits.max_yaml_bytes));
  LEARNDOCK_TRY(package::Manifest manifest, package::read_manifest(yaml, limits));
  return std::move(manifest.model);
}

Result<catalog::LearnwareRecord> Market::remove(const LearnwareId& id) {
  const std::lock_guard lock(state_->writer);
  LEARNDOCK_TRY(catalog::Catalog::Removed removed, state_->catalog->remove(id));
  const auto current = state_->snapshots.current();
  std::vector<std::shared_ptr<const index::Entry>> kept;
  kept.reserve(current->entries.size());
  for (const auto& entry : current->entries)
    if (entry->id != id) kept.push_back(entry);
  state_->publish(std::move(kept), {}, current->version + 1);
  if (removed.digest_unused && !removed.record.package_digest.empty())
    LEARNDOCK_CHECK(state_->blobs->remove(removed.record.package_digest));
  return std::move(removed.record);
}

MarketStatus Market::status() const {
  const auto snapshot = state_->snapshots.current();
  std::uint64_t bytes = 0;
  for (const auto& entry : snapshot->entries) bytes += specification_bytes(*entry);
  return {snapshot->entries.size(), snapshot->version, bytes, std::string(state_->backend->name())};
}

const fs::path& Market::staging_directory() const { return state_->staging; }

}  // namespace learndock::market
