#include "dock/index/part_maker.hpp"

#include "dock/index/part_options.hpp"
#include "engine/part/part_builder.hpp"
#include "engine/search/bound_check.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace learndock::dock {
namespace {

/// With this many parts of one space the smaller ones are merged.
constexpr std::size_t kManyParts = 8;

/// A space's newest subspace, or one fitted to its new learnwares.
Result<std::shared_ptr<const engine::FeatureSpace>> space_for(const learnwares::Snapshot& snapshot,
                                                              const specification::SpaceId& key,
                                                              const EntryList& entries,
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

/// A new part that is being stored. The destructor gives its file up unless it was kept.
class NewPart {
 public:
  NewPart(store::IndexStore& store, std::filesystem::path path, engine::PartBuilder builder)
      : store_(store), path_(std::move(path)), builder_(std::move(builder)) {}
  NewPart(NewPart&& other) noexcept
      : store_(other.store_), path_(std::exchange(other.path_, {})), builder_(std::move(other.builder_)) {}
  ~NewPart() {
    if (!path_.empty()) store_.discard(path_);
  }
  static Result<NewPart> create(store::IndexStore& store, const specification::SpaceId& key,
                                std::shared_ptr<const engine::FeatureSpace> space,
                                const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
    const store::IndexStore::NewSegment segment = store.next_segment();
    // The codes and the prefilter are those that the last re-index was told to use.
    engine::PartWriterOptions options = chosen_writing(store.current()->content.options);
    options.generation = segment.generation;
    options.threads = threads;
    options.backend = backend;
    auto builder = engine::PartBuilder::create(segment.path, key, std::move(space), options);
    if (builder) return NewPart(store, segment.path, std::move(*builder));
    store.discard(segment.path);
    return Failure(std::move(builder).error());
  }

  [[nodiscard]] engine::PartBuilder& builder() { return builder_; }
  /// Closes the part, opens it again and compares its bounds with exact distances.
  Result<std::shared_ptr<const engine::StoredPart>> finish(
      const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
    LEARNDOCK_CHECK(builder_.finish());
    LEARNDOCK_TRY(auto checked, engine::open_checked(path_, backend, threads));
    return std::move(checked.part);
  }
  void keep() { path_.clear(); }

 private:
  store::IndexStore& store_;
  std::filesystem::path path_;
  engine::PartBuilder builder_;
};

/// The parts without `replaced`.
learnwares::DockParts parts_without(const std::shared_ptr<const learnwares::DockParts>& parts,
                                    const LiveParts& replaced) {
  learnwares::DockParts left;
  if (parts) left = *parts;
  std::erase_if(left.parts, [&](const auto& part) {
    return std::any_of(replaced.begin(), replaced.end(),
                       [&](const auto& old) { return old->part == part->part; });
  });
  return left;
}

}  // namespace

std::map<specification::SpaceId, EntryList> spaces_worth_a_part(const learnwares::Snapshot& snapshot,
                                                                std::size_t enough) {
  std::map<specification::SpaceId, EntryList> spaces;
  const auto take = [&](const std::shared_ptr<const learnwares::Entry>& entry) {
    if (entry->specification() != nullptr && is_indexable(*entry->specification()))
      spaces[entry->space()].push_back(entry);
  };
  for (const auto& entry : snapshot.parts ? snapshot.unindexed : snapshot.entries) take(entry);
  std::erase_if(spaces, [&](const auto& space) { return space.second.size() < enough; });
  return spaces;
}

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

PartMaker::PartMaker(const Truth& truth, View& view, store::IndexStore& store,
                     std::shared_ptr<const compute::Backend> backend, unsigned threads,
                     const std::atomic<bool>& stopping)
    : truth_(truth),
      view_(view),
      store_(store),
      backend_(std::move(backend)),
      threads_(threads),
      stopping_(stopping) {}

Result<void> PartMaker::write(const learnwares::Snapshot& snapshot, const specification::SpaceId& key,
                              const EntryList& entries) {
  LEARNDOCK_TRY(auto space, space_for(snapshot, key, entries, *backend_));
  return make(snapshot, key, std::move(space), entries, {});
}

/// The keys of a part ascend, so those of many parts are merged before they are written.
Result<void> PartMaker::merge(const learnwares::Snapshot& snapshot, const LiveParts& old) {
  EntryList entries;
  for (const auto& entry : snapshot.entries)
    if (std::any_of(old.begin(), old.end(),
                    [&](const auto& part) { return part->item_of(entry->sequence()).has_value(); }))
      entries.push_back(entry);
  const auto& largest = old.back();
  std::shared_ptr<const engine::FeatureSpace> space(largest->part, largest->part->space());
  return make(snapshot, largest->space, std::move(space), entries, old);
}

Result<void> PartMaker::make(const learnwares::Snapshot& snapshot, const specification::SpaceId& key,
                             std::shared_ptr<const engine::FeatureSpace> space, const EntryList& entries,
                             const LiveParts& replaced) {
  LEARNDOCK_TRY(NewPart part, NewPart::create(store_, key, std::move(space), backend_, threads_));
  LEARNDOCK_CHECK(add_entries(snapshot, part.builder(), entries));
  LEARNDOCK_TRY(auto stored, part.finish(backend_, threads_));
  LEARNDOCK_CHECK(make_current(std::move(stored), replaced));
  part.keep();
  return {};
}

Result<void> PartMaker::add_entries(const learnwares::Snapshot& snapshot, engine::PartBuilder& part,
                                    const EntryList& entries) const {
  std::vector<double> memory;
  for (const auto& entry : entries) {
    if (stopping_) return fail(ErrorCode::unavailable, "the dock is being closed");
    LEARNDOCK_TRY(const auto set, snapshot.set_of(*entry, memory));
    LEARNDOCK_CHECK(part.add(entry->id(), entry->sequence(), set));
  }
  return snapshot.intact();  // else a lost file's zeros may have been written
}

/// Makes `added` current in place of `replaced`; searches see it at once.
Result<void> PartMaker::make_current(std::shared_ptr<const engine::StoredPart> added,
                                     const LiveParts& replaced) {
  const Lock lock(truth_.writer());
  const auto current = view_.current();
  learnwares::DockParts parts = parts_without(current->parts, replaced);
  std::vector<LearnwareNumber> keys;
  for (const auto& entry : current->entries) keys.push_back(entry->sequence());
  parts.parts.push_back(learnwares::live_part(added->space_id(), added, keys));
  store::IndexContent content;
  for (const auto& part : parts.parts) content.segments.push_back(part->part->segment());
  content.kernels = specification::kernels_text(current->kernels);
  content.covers = keys.empty() ? 0 : keys.back().value();
  content.options = store_.current()->content.options;
  LEARNDOCK_TRY(const auto version, store_.commit(std::move(content), store_.current()->number));
  parts.version = version->number;
  learnwares::Snapshot next = *current;
  next.parts = std::make_shared<const learnwares::DockParts>(std::move(parts));
  // Reduced sets in the new part need no longer be in memory; readers of older snapshots keep theirs.
  for (auto& entry : next.entries)
    if (entry->specification() != nullptr && next.parts->parts.back()->item_of(entry->sequence()))
      entry = learnwares::without_specification(*entry);
  learnwares::count_spaces(next);
  view_.publish(truth_, std::move(next), {});
  return {};
}

}  // namespace learndock::dock
