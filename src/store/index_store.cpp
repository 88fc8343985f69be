#include "store/index_store.hpp"

#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"
#include "store/index_store_reader.hpp"
#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <sys/file.h>
#include <utility>

namespace learndock::store {
namespace {

constexpr std::string_view kLockFile = "LOCK";
constexpr std::string_view kTemporarySuffix = ".tmp";

Result<io::Descriptor> lock(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kLockFile;
  io::Descriptor file(io::disk::open(path, O_RDWR | O_CREAT, io::kOwnerFile));
  if (file.get() < 0) return Failure(io::system_error(errno, "open", path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return Failure(io::system_error(errno, "lock", path));
  return fail(ErrorCode::conflict, "another process writes this index", directory.string(),
              "wait until it is done, or stop it");
}

bool ours(std::string_view name) {
  return name.starts_with(kManifestFile) || name.starts_with(kSegmentPrefix) ||
         name.starts_with(kDeletedPrefix);
}

void add_names(const Manifest& manifest, std::set<std::string>& names) {
  for (const ManifestFile& segment : manifest.segments) names.insert(segment.name);
}

ManifestFile named(const std::filesystem::path& path, const SegmentInfo& info) {
  return {path.filename().string(), info.header_checksum, info.items};
}

}  // namespace

struct IndexStore::State {
  State(std::filesystem::path folder, io::Descriptor held, KernelsCheck of_kernels)
      : directory(std::move(folder)), lock_file(std::move(held)), readable(of_kernels) {}

  [[nodiscard]] std::filesystem::path manifest_path() const { return directory / kManifestFile; }
  [[nodiscard]] std::filesystem::path previous_path() const { return directory / kPreviousFile; }
  Result<void> recover();
  void count_numbers_of(const Manifest& known) {
    next_number = std::max(next_number, known.next_number);
    last_version = std::max(last_version, known.version);
  }
  void sweep();
  void sweep_one(const std::filesystem::path& path, const std::set<std::string>* kept);
  [[nodiscard]] Result<std::set<std::string>> kept_names() const;
  [[nodiscard]] Result<void> check(const IndexContent& content) const;
  Result<void> keep_as_previous();
  Result<std::shared_ptr<const IndexVersion>> publish(IndexContent content, Manifest next);

  std::filesystem::path directory;
  io::Descriptor lock_file;
  KernelsCheck readable;
  mutable std::mutex mutex;
  std::shared_ptr<const IndexVersion> current;
  std::optional<Manifest> manifest;  ///< the current one; nothing when it is damaged or missing
  std::uint64_t next_number = 1;     ///< of the next file
  std::uint64_t last_version = 0;    ///< the highest that any manifest had
  std::set<std::string> pending;     ///< names given out and not committed yet
};

Result<void> IndexStore::State::recover() {
  LEARNDOCK_TRY(const std::vector<std::uint64_t> numbers, index_file_numbers(directory));
  for (const std::uint64_t number : numbers) next_number = std::max(next_number, number + 1);
  LEARNDOCK_TRY(IndexVersion version, read_index(directory, readable));
  if (auto known = read_manifest(manifest_path(), readable)) {
    count_numbers_of(*known);
    manifest = std::move(*known);
  } else if (version.rebuild_needed.empty()) {
    // A new folder gets a manifest before any segment, so that losing it later can be told from being new.
    manifest = Manifest{};
    LEARNDOCK_CHECK(io::write_file_atomically(manifest_path(), manifest_text(*manifest)));
  }
  if (const auto previous = read_manifest(previous_path(), readable)) {
    count_numbers_of(*previous);
    if (!manifest) ++last_version;  // the damaged one came after it
  }
  current = std::make_shared<const IndexVersion>(std::move(version));
  sweep();
  return {};
}

/// The files that the current manifest and the one before it name. Fails when one of them cannot be read:
/// then no one knows what it names, and no segment is removed.
Result<std::set<std::string>> IndexStore::State::kept_names() const {
  std::set<std::string> names;
  LEARNDOCK_TRY(const Manifest in_force, read_manifest(manifest_path(), readable));
  add_names(in_force, names);
  const auto previous = read_manifest(previous_path(), readable);
  if (!previous && previous.error().code != ErrorCode::not_found) return Failure(previous.error());
  if (previous) add_names(*previous, names);
  return names;
}

/// Removes what no kept version names. What cannot be removed now is tried again by the next sweep, and takes
/// only room until then; so failures are no errors.
void IndexStore::State::sweep() {
  const auto kept = kept_names();
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  std::filesystem::directory_iterator item(directory, error);
  for (; !error && item != std::filesystem::directory_iterator(); item.increment(error))
    paths.push_back(item->path());
  for (const std::filesystem::path& path : paths) sweep_one(path, kept ? &*kept : nullptr);
}

void IndexStore::State::sweep_one(const std::filesystem::path& path, const std::set<std::string>* kept) {
  const std::string name = path.filename().string();
  const bool temporary = name.ends_with(kTemporarySuffix) && ours(name);
  if (!temporary && !index_file_number(name)) return;  // not ours
  if (!temporary && (kept == nullptr || kept->contains(name))) return;
  const bool awaited = std::any_of(pending.begin(), pending.end(), [&](const std::string& one) {
    return name == one || name.starts_with(one + ".");  // the segment, or its writer's temporary
  });
  if (!awaited) io::disk::remove(path);
}

Result<void> IndexStore::State::check(const IndexContent& content) const {
  const auto refuse = [&](std::string message) {
    return fail(ErrorCode::invalid_argument, std::move(message), directory.string());
  };
  if (content.segments.size() > kMaxSegments)
    return refuse(fmt::format("{} segments, the limit is {}", content.segments.size(), kMaxSegments));
  std::set<std::string> names;
  for (const auto& segment : content.segments) {
    const std::filesystem::path& path = segment->path();
    const std::string name = path.filename().string();
    if (path != directory / name || !name.starts_with(kSegmentPrefix) || !index_file_number(name))
      return refuse(fmt::format("{} is no segment of this index", path.string()));
    if (!names.insert(name).second) return refuse(fmt::format("{} is named twice", name));
    if (::access(path.c_str(), F_OK) != 0) return refuse(fmt::format("{} has been removed", path.string()));
  }
  return {};
}

/// A crash after this leaves the current version also as the previous one: right, with nothing to roll back
/// to. A damaged version is not worth keeping, and must not replace a sound one.
Result<void> IndexStore::State::keep_as_previous() {
  if (!manifest || !current->rebuild_needed.empty()) return {};
  return io::write_file_atomically(previous_path(), manifest_text(*manifest));
}

Result<std::shared_ptr<const IndexVersion>> IndexStore::State::publish(IndexContent content, Manifest next) {
  next.version = last_version + 1;
  next.next_number = next_number;
  const std::string text = manifest_text(next);
  const auto read_back = parse_manifest(text, readable);
  if (!read_back || *read_back != next)
    return fail(ErrorCode::invalid_argument,
                "the options or kernels are not UTF-8, cannot be read back, or are too long",
                directory.string());
  const auto written = io::write_file_atomically(manifest_path(), text);
  // When no more than flushing the folder failed, the new version is what every reader sees already.
  if (const auto now = io::read_file(manifest_path(), kMaxManifestBytes); !written && (!now || *now != text))
    return Failure(written.error());
  last_version = next.version;
  for (const ManifestFile& segment : next.segments) pending.erase(segment.name);
  manifest = std::move(next);
  current = std::make_shared<const IndexVersion>(IndexVersion{manifest->version, std::move(content), {}});
  if (!written) return Failure(written.error());
  sweep();
  return current;
}

IndexStore::IndexStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
IndexStore::~IndexStore() = default;

Result<std::unique_ptr<IndexStore>> IndexStore::open(const std::filesystem::path& directory,
                                                     KernelsCheck readable) {
  LEARNDOCK_CHECK(io::create_private_folder(directory));
  LEARNDOCK_TRY(io::Descriptor held, lock(directory));
  auto state = std::make_unique<State>(directory, std::move(held), readable);
  LEARNDOCK_CHECK(state->recover());
  return std::unique_ptr<IndexStore>(new IndexStore(std::move(state)));
}

std::shared_ptr<const IndexVersion> IndexStore::current() const {
  const std::lock_guard hold(state_->mutex);
  return state_->current;
}

IndexStore::NewSegment IndexStore::next_segment() {
  const std::lock_guard hold(state_->mutex);
  const std::uint64_t number = state_->next_number++;
  NewSegment segment{state_->directory / index_file_name(kSegmentPrefix, number), number};
  state_->pending.insert(segment.path.filename().string());
  return segment;
}

void IndexStore::discard(const std::filesystem::path& path) {
  const std::lock_guard hold(state_->mutex);
  // Only what was never committed: a committed file goes when no kept version names it.
  if (state_->pending.erase(path.filename().string()) != 0) io::disk::remove(path);
}

Result<std::shared_ptr<const Segment>> IndexStore::adopt(const std::filesystem::path& file) {
  LEARNDOCK_TRY(const auto checked, Segment::open(file));
  const NewSegment place = next_segment();
  auto renamed = io::rename_file_to_new(file, place.path);
  if (renamed) renamed = io::sync_directory(state_->directory);
  if (!renamed) {
    discard(place.path);
    return Failure(std::move(renamed).error());
  }
  return Segment::open(place.path);
}

Result<std::shared_ptr<const IndexVersion>> IndexStore::commit(IndexContent content, std::uint64_t based_on) {
  const std::lock_guard hold(state_->mutex);
  State& state = *state_;
  if (state.current->number != based_on)
    return fail(ErrorCode::conflict,
                fmt::format("the content was made from version {}, the current one is {}", based_on,
                            state.current->number),
                state.directory.string(), "make it again from the current version");
  LEARNDOCK_CHECK(state.check(content));
  Manifest next;
  next.covers = content.covers;
  next.options = content.options;
  next.kernels = content.kernels;
  for (const auto& segment : content.segments)
    next.segments.push_back(named(segment->path(), segment->info()));
  LEARNDOCK_CHECK(state.keep_as_previous());
  return state.publish(std::move(content), std::move(next));
}

Result<std::shared_ptr<const IndexVersion>> IndexStore::rollback() {
  const std::lock_guard hold(state_->mutex);
  State& state = *state_;
  LEARNDOCK_TRY(Manifest previous, read_manifest(state.previous_path(), state.readable));
  IndexVersion version = load_version(state.directory, previous);
  if (!version.rebuild_needed.empty()) return Failure(std::move(version.rebuild_needed.front()));
  return state.publish(std::move(version.content), std::move(previous));
}

}  // namespace learndock::store
