#include "dock/index_keeper.hpp"

#include "base/log.hpp"
#include "dock/index/part_options.hpp"
#include "engine/part/part_builder.hpp"
#include "engine/search/bound_check.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <new>

namespace learndock::dock {
namespace {

using Entries = std::vector<std::shared_ptr<const learnwares::Entry>>;
using LiveParts = std::vector<std::shared_ptr<const learnwares::LivePart>>;

/// With this many parts of one space the smaller ones are merged.
constexpr std::size_t kManyParts = 8;
/// The pause after a failure: a full disk does not empty by trying.
constexpr std::chrono::seconds kBackOff{60};
/// How often deleted learnwares whose time is over are removed when nothing changes.
constexpr std::chrono::minutes kTidyAgain{60};

/// The unindexed learnwares by space, for the spaces that have enough of them for a part.
std::map<specification::SpaceId, Entries> ripe_spaces(const learnwares::Snapshot& snapshot,
                                                      std::size_t enough) {
  std::map<specification::SpaceId, Entries> spaces;
  const auto take = [&](const std::shared_ptr<const learnwares::Entry>& entry) {
    if (entry->specification() != nullptr && is_indexable(*entry->specification()))
      spaces[entry->space()].push_back(entry);
  };
  for (const auto& entry : snapshot.parts ? snapshot.unindexed : snapshot.entries) take(entry);
  std::erase_if(spaces, [&](const auto& space) { return space.second.size() < enough; });
  return spaces;
}

/// A space's newest subspace, or one fitted to its new learnwares.
Result<std::shared_ptr<const engine::FeatureSpace>> space_for(const learnwares::Snapshot& snapshot,
                                                              const specification::SpaceId& key,
                                                              const Entries& entries,
                                                              const compute::Backend& backend) {
  if (snapshot.parts)
    for (auto part = snapshot.parts->parts.rbegin(); part != snapshot.parts->parts.rend(); ++part)
      if ((*part)->space == key)
        return std::shared_ptr<const engine::FeatureSpace>((*part)->part, (*part)->part->space());
  std::vector<compute::ReducedSetView> sample;
  const std::size_t step = (entries.size() + engine::kSubspaceSample - 1) / engine::kSubspaceSample;
  for (std::size_t i = 0; i < entries.size(); i += step)
    sample.push_back(entries[i]->specification()->view());
  const engine::SubspaceOptions options{.coordinates = engine::chosen_coordinates(entries.size())};
  LEARNDOCK_TRY(engine::FeatureSpace space, engine::FeatureSpace::fit(sample, key.kernel, options, backend));
  return std::make_shared<const engine::FeatureSpace>(std::move(space));
}

/// The options for writing parts, with the codes and the prefilter that the last re-index was told to use.
engine::PartWriterOptions writer_options(const Dock::State& state,
                                         const store::IndexStore::NewSegment& segment) {
  engine::PartWriterOptions options = chosen_writing(state.store->current()->content.options);
  options.generation = segment.generation;
  options.threads = state.used_threads();
  options.backend = state.backend;
  return options;
}

/// A new part that is being stored. The destructor gives its file up unless it was committed.
class NewPart {
 public:
  static Result<NewPart> create(Dock::State& state, const specification::SpaceId& key,
                                std::shared_ptr<const engine::FeatureSpace> space) {
    const store::IndexStore::NewSegment segment = state.store->next_segment();
    auto builder =
        engine::PartBuilder::create(segment.path, key, std::move(space), writer_options(state, segment));
    if (!builder) {
      state.store->discard(segment.path);
      return Failure(std::move(builder).error());
    }
    return NewPart(state, segment.path, std::move(*builder));
  }
  NewPart(NewPart&& other) noexcept
      : state_(other.state_), path_(std::exchange(other.path_, {})), builder_(std::move(other.builder_)) {}
  ~NewPart() {
    if (!path_.empty()) state_.store->discard(path_);
  }

  [[nodiscard]] engine::PartBuilder& builder() { return builder_; }
  /// Closes the part, opens it again and compares its bounds with exact distances.
  Result<std::shared_ptr<const engine::StoredPart>> finish() {
    LEARNDOCK_CHECK(builder_.finish());
    LEARNDOCK_TRY(auto checked, engine::open_checked(path_, state_.backend, state_.used_threads()));
    return std::move(checked.part);
  }
  void keep() { path_.clear(); }

 private:
  NewPart(Dock::State& state, std::filesystem::path path, engine::PartBuilder builder)
      : state_(state), path_(std::move(path)), builder_(std::move(builder)) {}
  Dock::State& state_;
  std::filesystem::path path_;
  engine::PartBuilder builder_;
};

/// Makes `added` current in place of `replaced`; searches see it at once.
Result<void> put_in_force(Dock::State& state, std::shared_ptr<const engine::StoredPart> added,
                          const LiveParts& replaced) {
  const Lock lock(state.writer);
  const auto current = state.snapshots.current();
  learnwares::DockParts parts;
  if (current->parts) parts = *current->parts;
  std::erase_if(parts.parts, [&](const auto& part) {
    return std::any_of(replaced.begin(), replaced.end(),
                       [&](const auto& old) { return old->part == part->part; });
  });
  std::vector<LearnwareNumber> keys;
  for (const auto& entry : current->entries) keys.push_back(entry->sequence());
  parts.parts.push_back(learnwares::live_part(added->space_id(), added, keys));
  store::IndexContent content;
  for (const auto& part : parts.parts) content.segments.push_back(part->part->segment());
  content.kernels = specification::kernels_text(current->kernels);
  content.covers = keys.empty() ? 0 : keys.back().value();
  content.options = state.store->current()->content.options;
  LEARNDOCK_TRY(const auto version, state.store->commit(std::move(content), state.store->current()->number));
  parts.version = version->number;
  learnwares::Snapshot next = *current;
  next.parts = std::make_shared<const learnwares::DockParts>(std::move(parts));
  // Reduced sets in the new part need no longer be in memory; readers of older snapshots keep theirs.
  for (auto& entry : next.entries)
    if (entry->specification() != nullptr && next.parts->parts.back()->item_of(entry->sequence()))
      entry = learnwares::without_specification(*entry);
  learnwares::count_spaces(next);
  state.publish(std::move(next), {});
  return {};
}

Result<void> add_entries(const Dock::State& state, const learnwares::Snapshot& snapshot,
                         engine::PartBuilder& part, const Entries& entries) {
  std::vector<double> memory;
  for (const auto& entry : entries) {
    if (state.stopping) return fail(ErrorCode::unavailable, "the dock is being closed");
    LEARNDOCK_TRY(const auto set, snapshot.set_of(*entry, memory));
    LEARNDOCK_CHECK(part.add(entry->id(), entry->sequence(), set));
  }
  return snapshot.intact();  // else a lost file's zeros may have been written
}

Result<void> store_entries(Dock::State& state, const learnwares::Snapshot& snapshot,
                           const specification::SpaceId& key, const Entries& entries) {
  LEARNDOCK_TRY(auto space, space_for(snapshot, key, entries, *state.backend));
  LEARNDOCK_TRY(NewPart part, NewPart::create(state, key, std::move(space)));
  LEARNDOCK_CHECK(add_entries(state, snapshot, part.builder(), entries));
  LEARNDOCK_TRY(auto stored, part.finish());
  LEARNDOCK_CHECK(put_in_force(state, std::move(stored), {}));
  part.keep();
  return {};
}

/// The smaller half of the parts of each space that has many.
std::map<specification::SpaceId, LiveParts> small_parts(const learnwares::Snapshot& snapshot) {
  std::map<specification::SpaceId, LiveParts> spaces;
  if (snapshot.parts)
    for (const auto& part : snapshot.parts->parts) spaces[part->space].push_back(part);
  std::erase_if(spaces, [](const auto& space) { return space.second.size() < kManyParts; });
  for (auto& [key, parts] : spaces) {
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto& a, const auto& b) { return a->live_count < b->live_count; });
    parts.resize((parts.size() + 1) / 2);
  }
  return spaces;
}

/// Merges parts. The keys of a part ascend, so those of many parts are merged before they are written.
Result<void> merge_parts(Dock::State& state, const learnwares::Snapshot& snapshot, const LiveParts& old) {
  Entries entries;
  for (const auto& entry : snapshot.entries)
    if (std::any_of(old.begin(), old.end(),
                    [&](const auto& part) { return part->item_of(entry->sequence()).has_value(); }))
      entries.push_back(entry);
  const auto& largest = old.back();
  LEARNDOCK_TRY(NewPart part, NewPart::create(state, largest->space,
                                              std::shared_ptr<const engine::FeatureSpace>(
                                                  largest->part, largest->part->space())));
  LEARNDOCK_CHECK(add_entries(state, snapshot, part.builder(), entries));
  LEARNDOCK_TRY(auto stored, part.finish());
  LEARNDOCK_CHECK(put_in_force(state, std::move(stored), old));
  part.keep();
  return {};
}

}  // namespace

Result<bool> tend_index(Dock::State& state) {
  const Lock tending(state.tending);
  // The index only gives speed, so the rest of the disk is left to packages and deletions.
  if (state.space->short_of_disk())
    return fail(ErrorCode::no_space, "the disk of the dock is nearly full", {},
                "free some space; searches find the same without it");
  const auto snapshot = state.snapshots.current();
  // One space that cannot be stored or merged holds up neither the others nor the learnware cache.
  Result<bool> done = false;
  for (const auto& [key, entries] : ripe_spaces(*snapshot, state.options.index_from)) {
    auto stored = store_entries(state, *snapshot, key, entries);
    if (stored) return true;
    done = pass_on(std::move(stored).error(), key.text());
  }
  for (const auto& [key, parts] : small_parts(*snapshot)) {
    auto merged = merge_parts(state, *snapshot, parts);
    if (merged) return true;
    // The learnwares of a damaged part are in memory once it is given up, and are then written to a new part.
    if (merged.error().code == ErrorCode::corrupt && state.give_up_lost(*snapshot)) return true;
    done = pass_on(std::move(merged).error(), key.text());
  }
  state.store_entries();
  return done;
}

IndexKeeper::IndexKeeper(Dock::State& state) : state_(state), thread_([this] { run(); }) {}

IndexKeeper::~IndexKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    state_.stopping = true;
  }
  changed_.notify_all();
  thread_.join();
}

void IndexKeeper::notify() {
  {
    const std::lock_guard lock(mutex_);
    changes_ = true;
  }
  changed_.notify_all();
}

void IndexKeeper::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool woken = changed_.wait_for(lock, kTidyAgain, [this] { return changes_ || stopping_; });
    if (stopping_) return;
    if (!woken) {
      lock.unlock();
      state_.tidy();
      lock.lock();
      continue;
    }
    changes_ = false;
    lock.unlock();
    const Result<bool> done = tend();
    lock.lock();
    if (stopping_) return;
    if (!done) {
      log(LogLevel::warning, "the stored index was left as it is: " + describe(done.error()));
      changed_.wait_for(lock, kBackOff, [this] { return stopping_; });
    } else if (*done) {
      changes_ = true;  // there may be more
    }
  }
}

/// The thread's main function: an exception for lack of memory must not end the server.
Result<bool> IndexKeeper::tend() {
  try {
    return tend_index(state_);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::unavailable, "there was no memory to make a part of the index");
  }
}

}  // namespace learndock::dock
