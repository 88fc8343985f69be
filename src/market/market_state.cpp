#include "market/market_state.hpp"

#include "learndock/base/log.hpp"
#include "learndock/spec/codec.hpp"

#include "compute/parallel.hpp"
#include "market/index_keeper.hpp"
#include "market/market_index.hpp"

#include <algorithm>
#include <utility>

namespace learndock::market {
namespace {

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

/// Records that are read before they are decoded, and of these the ones that a thread takes together.
constexpr std::size_t kReadTogether = 4096, kDecodedTogether = 64;

/// Decoding a record takes longer than reading it.
Result<void> make_entries(std::span<const catalog::LearnwareRecord> records,
                          const index::SpaceKernels& kernels, unsigned threads, NewEntries& entries) {
  const std::size_t first = entries.size();
  entries.resize(first + records.size());
  std::vector<Result<void>> done((records.size() + kDecodedTogether - 1) / kDecodedTogether);
  compute::run_tasks(done.size(), threads, [&](std::size_t task) {
    const std::size_t end = std::min(records.size(), (task + 1) * kDecodedTogether);
    for (std::size_t i = task * kDecodedTogether; i < end; ++i) {
      auto entry = make_entry(records[i], kernels);
      if (!entry) {
        done[task] = pass_on(std::move(entry).error(), "learnware " + records[i].id.text());
        return;
      }
      entries[first + i] = std::move(*entry);
    }
  });
  for (Result<void>& one : done) LEARNDOCK_CHECK(std::move(one));
  return {};
}

/// A group's gamma in place of the specification's own, which compat scores still ask for.
void put_under(const index::SpaceKernels& kernels, index::Entry& entry) {
  if (kernels.empty() || !entry.specification) return;
  const auto gamma = kernels.gamma_of(index::KernelGroup::of(*entry.specification));
  if (!gamma || *gamma == entry.specification->gamma) return;
  entry.own_gamma = std::exchange(entry.specification->gamma, *gamma);
}

}  // namespace

Market::State::State() = default;
Market::State::~State() = default;

Result<std::shared_ptr<index::Entry>> make_entry(const catalog::LearnwareRecord& record,
                                                 const index::SpaceKernels& kernels) {
  auto entry = std::make_shared<index::Entry>();
  entry->sequence = record.sequence;
  entry->id = record.id;
  entry->name = record.name;
  // Search reads neither Input nor Output; a record stored under wider limits must not close the dock.
  LEARNDOCK_TRY(Json json, parse_json(record.semantic_json, {.max_bytes = spec::kMaxSemanticBytes}));
  for (const char* key : {"Input", "Output"})
    if (json.is_object()) json.erase(key);
  LEARNDOCK_TRY(const spec::SemanticSpecification semantic, spec::semantic_from_json(json));
  entry->values = semantic.values;
  entry->folded_name = index::fold_case(semantic.name.empty() ? record.name : semantic.name);
  entry->folded_description = index::fold_case(semantic.description);
  if (!record.statistical.empty()) {
    LEARNDOCK_TRY(entry->specification, spec::from_binary(record.statistical));
  }
  put_under(kernels, *entry);
  return entry;
}

std::uint64_t specification_bytes(const index::Entry& entry) {
  if (!entry.specification) return 0;
  return sizeof(double) * (entry.specification->points.values().size() + entry.specification->weights.size());
}

Result<void> Market::State::load() {
  kernels = store->current()->content.kernels;
  NewEntries entries;
  std::vector<catalog::LearnwareRecord> batch;
  const auto take = [&](catalog::LearnwareRecord& record) -> Result<void> {
    batch.push_back(std::move(record));
    if (batch.size() < kReadTogether) return {};
    LEARNDOCK_CHECK(make_entries(batch, kernels, used_threads(), entries));
    batch.clear();
    return {};
  };
  LEARNDOCK_CHECK(catalog->visit_all(take));
  LEARNDOCK_CHECK(make_entries(batch, kernels, used_threads(), entries));
  LEARNDOCK_CHECK(compute_self_terms(entries, *backend));
  index::Snapshot first;
  LEARNDOCK_TRY(first.version, catalog->version());
  first.kernels = kernels;
  first.semantic = std::make_shared<index::SemanticIndex>();
  const std::vector<std::shared_ptr<const index::Entry>> all(entries.begin(), entries.end());
  OpenedIndex opened = open_index(*store->current(), all, backend, used_threads());
  for (const std::string& problem : opened.problems)
    log(LogLevel::warning, "the stored index is not used, every learnware is compared: " + problem);
  first.parts = std::move(opened.parts);
  publish(std::move(first), entries);
  return {};
}

unsigned Market::State::used_threads() const {
  return options.threads == 0 ? compute::usable_cores() : options.threads;
}

void Market::State::publish(index::Snapshot next, const NewEntries& added) {
  const std::size_t known = next.entries.size();
  next.backend = backend->name();
  next.entries.insert(next.entries.end(), added.begin(), added.end());
  for (const auto& entry : added) {
    next.specification_bytes += specification_bytes(*entry);
    if (next.parts) index::count_entry(next, entry, 1);
  }
  const std::span entries(next.entries);
  const bool anew = next.semantic->sparse();
  next.semantic = std::make_shared<index::SemanticIndex>(
      anew ? index::SemanticIndex::of(entries) : next.semantic->extended(entries.subspan(known)));
  index::place_parts(next, anew);
  snapshots.replace(std::make_shared<index::Snapshot>(std::move(next)));
}

void Market::State::withdraw(std::uint64_t sequence) {
  index::Snapshot next = *snapshots.current();
  ++next.version;
  const auto gone =
      std::lower_bound(next.entries.begin(), next.entries.end(), sequence,
                       [](const auto& entry, std::uint64_t wanted) { return entry->sequence < wanted; });
  if (gone != next.entries.end() && (*gone)->sequence == sequence) {
    next.specification_bytes -= specification_bytes(**gone);
    if (next.parts) {
      index::count_entry(next, *gone, -1);
      next.parts = std::make_shared<index::DockParts>(next.parts->without(sequence));
    }
    next.semantic = std::make_shared<index::SemanticIndex>(
        next.semantic->without(static_cast<std::size_t>(gone - next.entries.begin())));
    next.entries.erase(gone);
  }
  publish(std::move(next), {});
}

Result<std::vector<catalog::LearnwareRecord>> Market::State::insert(
    std::span<const catalog::LearnwareRecord> records, NewEntries entries) {
  LEARNDOCK_CHECK(compute_self_terms(entries, *backend));
  LEARNDOCK_TRY(std::vector<catalog::LearnwareRecord> stored, catalog->insert(records));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    entries[i]->id = stored[i].id;
    entries[i]->sequence = stored[i].sequence;
  }
  // The catalogue's counter grew by one too, and no other process writes it.
  index::Snapshot next = *snapshots.current();
  ++next.version;
  publish(std::move(next), entries);
  if (keeper) keeper->notify();
  return stored;
}

bool Market::State::drop_damaged_parts(const std::shared_ptr<const index::DockParts>& seen) {
  const std::lock_guard writing(writer);
  index::Snapshot next = *snapshots.current();
  if (next.parts != seen) return true;  // someone else met the damage first
  if (!next.parts) return false;
  auto parts = std::make_shared<index::DockParts>(*next.parts);
  std::erase_if(parts->parts, [&](const auto& part) {
    const auto sound = part->part->segment()->verify({}, used_threads());
    if (!sound) log(LogLevel::error, "a part of the stored index is given up: " + describe(sound.error()));
    return !sound;
  });
  if (parts->parts.size() == next.parts->parts.size()) return false;
  next.parts = std::move(parts);
  index::count_spaces(next);
  publish(std::move(next), {});
  if (keeper) keeper->notify();
  return true;
}

Result<void> Market::State::sweep_blobs() {
  LEARNDOCK_TRY(const std::vector<std::string> digests, blobs->list());
  for (const std::string& digest : digests) {
    LEARNDOCK_TRY(const bool named, catalog->has_package(digest));
    if (!named) LEARNDOCK_CHECK(blobs->remove(digest));
  }
  return {};
}

}  // namespace learndock::market
