#include "query/comparable_parts.hpp"

#include "compute/direct_sums.hpp"
#include "engine/part/large_sets.hpp"
#include "engine/part/unindexed_part.hpp"
#include "engine/search/product_in_time.hpp"
#include "query/request/answer_terms.hpp"
#include "query/request/skipped.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

namespace learndock::query {
namespace {

/// The entry's self term; none: a large set's took longer than there was time.
std::optional<double> direct_self(const learnwares::Entry& entry, const Deadline& deadline) {
  std::atomic<double>& kept = entry.self_terms().direct;
  double self = kept.load(std::memory_order_relaxed);
  if (!std::isnan(self)) return self;
  const compute::ReducedSetView view = entry.specification()->view();
  const auto computed =
      engine::product_in_time(compute::DirectQuery(view, view.kernel), view.count, view, deadline.end());
  if (computed) kept.store(*computed, std::memory_order_relaxed);
  return computed;
}

/// Unindexed learnwares that are looked at between two looks at the clock. A self term is computed for each
/// that no search met before.
constexpr std::size_t kUnindexedStride = 16;

}  // namespace

bool MixedParts::empty() const {
  return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.count() == 0; });
}

ComparableParts::ComparableParts(const Wanted& wanted, Deadline& deadline, Warnings& warnings)
    : snapshot_(wanted.snapshot),
      query_(*wanted.request.specification),
      key_(specification::SpaceId::of(query_)),
      max_points_(wanted.max_points),
      deadline_(deadline) {
  find_further(wanted.items);
  if (wanted.items == nullptr && query_.languages.empty())
    take_all(warnings);
  else
    take_filtered(wanted.items == nullptr ? snapshot_.semantic->select({}) : *wanted.items, warnings);
  unindexed_.insert(unindexed_.end(), further_.begin(), further_.end());
  set_odd_aside();
  make_unindexed_part(unindexed_);
  mixed_.parts = parts_;
  make_unindexed_part(odd_);
}

Result<const MixedParts*> ComparableParts::mixed() {
  for (const learnwares::Entry* entry : odd_) mixed_.left_out.add(*entry, *oddity_of(*entry, max_points_));
  if (max_points_ != 0)
    for (std::size_t p = 0; p < stored_.size(); ++p) LEARNDOCK_CHECK(leave_out_large(p));
  return &mixed_;
}

Result<const learnwares::Entry*> ComparableParts::entry(const engine::CertifiedHit& hit) const {
  if (hit.part < stored_.size()) return stored_entry(hit.part, hit.item);
  const bool of_rest = !unindexed_.empty() && hit.part == stored_.size();
  return of_rest ? unindexed_[hit.item.index()] : odd_[hit.item.index()];
}

Result<const learnwares::Entry*> ComparableParts::stored_entry(std::size_t part,
                                                               engine::PartItem item) const {
  const engine::StoredPart& stored = *stored_[part]->part;
  const learnwares::Entry* const found = snapshot_.entry_of(stored.keys()[item.index()]);
  if (found != nullptr) return found;
  return fail(ErrorCode::corrupt,
              fmt::format("item {} of a part of the index is no learnware of the dock", item.value()),
              stored.segment()->path().string(), "rebuild the index: learndock reindex");
}

/// Finds the selected learnwares that are compared by a further specification. Their own entries are in other
/// spaces, where they do not count as skipped.
void ComparableParts::find_further(const learnwares::Bitmap* selected) {
  for (const auto& one : snapshot_.further) {
    if (mismatch_of(*one, query_, ScoreMode::absolute) != Mismatch::none) continue;
    const auto owner = std::lower_bound(
        snapshot_.entries.begin(), snapshot_.entries.end(), one->sequence(),
        [](const auto& entry, LearnwareNumber wanted) { return entry->sequence() < wanted; });
    if (owner == snapshot_.entries.end() || (*owner)->sequence() != one->sequence()) continue;
    const auto position =
        learnwares::SnapshotPosition::at(static_cast<std::size_t>(owner - snapshot_.entries.begin()));
    if (selected != nullptr && !selected->contains(snapshot_.semantic->items_at({&position, 1})[0])) continue;
    further_.push_back(one.get());
    ++found_elsewhere_[(*owner)->space()];
  }
}

/// Takes everything. Counts of spaces replace a look at every learnware.
void ComparableParts::take_all(Warnings& warnings) {
  Skipped skipped;
  skipped[Mismatch::specification] = snapshot_.without_specification;
  for (const auto& [key, count] : snapshot_.spaces) skipped.add(key, count - elsewhere(key), query_);
  skipped.warn(query_, ScoreMode::absolute, warnings);
  for (const auto& part : snapshot_.parts->parts) {
    if (part->space != key_ || part->live_count == 0) continue;
    const bool whole = part->live_count == part->part->count();
    add_stored(part, whole ? nullptr : part->live.data(), part->live_count);
  }
  for (std::size_t i = 0; i < snapshot_.unindexed.size(); ++i) {
    if (i > 0 && i % kUnindexedStride == 0 && late()) return;
    const learnwares::Entry* const entry = snapshot_.unindexed[i].get();
    if (entry->space() == key_) unindexed_.push_back(entry);
  }
}

void ComparableParts::take_filtered(const learnwares::Bitmap& selected, Warnings& warnings) {
  const learnwares::Bitmap fitting = fitting_of(selected, warnings);
  if (fitting.empty()) return;
  std::vector<std::uint64_t> items = fitting.words(learnwares::FilterBit(), snapshot_.semantic->items());
  for (const auto& part : snapshot_.parts->parts) {
    if (part->space != key_ || part->live_count == 0 || !part->filter_bits) continue;
    if (!stored_.empty() && late()) return;
    take_part(part, items);
    part->filter_bits->clear_part(items);
  }
  take_rest(items);
}

/// The items that can be compared; their spaces' bitmaps count the others.
learnwares::Bitmap ComparableParts::fitting_of(const learnwares::Bitmap& selected, Warnings& warnings) const {
  Skipped skipped;
  std::size_t with_specification = 0;
  learnwares::Bitmap of_space;
  for (const auto& [key, items] : snapshot_.semantic->spaces()) {
    const std::size_t count = selected.common(*items);
    skipped.add(key, count - elsewhere(key), query_);
    with_specification += count;
    if (key == key_) (of_space = selected) &= *items;
  }
  skipped[Mismatch::specification] = selected.count() - with_specification;
  learnwares::Bitmap fitting = snapshot_.semantic->with_languages(of_space, query_.languages);
  skipped[Mismatch::languages] = of_space.count() - fitting.count();
  skipped.warn(query_, ScoreMode::absolute, warnings);
  return fitting;
}

std::size_t ComparableParts::elsewhere(const specification::SpaceId& space) const {
  const auto found = found_elsewhere_.find(space);
  return found == found_elsewhere_.end() ? 0 : found->second;
}

void ComparableParts::take_part(const std::shared_ptr<const learnwares::LivePart>& part,
                                std::span<const std::uint64_t> items) {
  std::vector<std::uint64_t> bits = part->filter_bits->bits_for_part(items);
  std::size_t count = 0;
  for (std::size_t w = 0; w < bits.size(); ++w)
    count += static_cast<std::size_t>(std::popcount(bits[w] &= part->live[w]));
  if (count == 0) return;
  const bool whole = count == part->part->count();
  bitmaps_.push_back(std::move(bits));
  add_stored(part, whole ? nullptr : bitmaps_.back().data(), count);
}

/// Takes the items that are left, which are in no part.
void ComparableParts::take_rest(std::span<const std::uint64_t> items) {
  std::vector<learnwares::FilterBit> rest;
  for (std::size_t w = 0; w < items.size(); ++w)
    for (std::uint64_t word = items[w]; word != 0; word &= word - 1)
      rest.push_back(learnwares::FilterBit::at(64 * w + static_cast<std::size_t>(std::countr_zero(word))));
  learnwares::Bitmap left;
  left.add(rest);
  for (const learnwares::SnapshotPosition position : snapshot_.semantic->positions(left))
    unindexed_.push_back(snapshot_.entries[position.index()].get());  // looked at later
}

void ComparableParts::add_stored(const std::shared_ptr<const learnwares::LivePart>& part,
                                 const std::uint64_t* allowed, std::size_t count) {
  stored_.push_back(part);
  parts_.push_back({part->part, allowed, count});
  count_ += count;
}

void ComparableParts::set_odd_aside() {
  const auto first_odd =
      std::stable_partition(unindexed_.begin(), unindexed_.end(),
                            [&](const learnwares::Entry* entry) { return !oddity_of(*entry, max_points_); });
  odd_.assign(first_odd, unindexed_.end());
  unindexed_.erase(first_odd, unindexed_.end());
}

Result<void> ComparableParts::leave_out_large(std::size_t p) {
  LEARNDOCK_TRY(const auto larger, engine::larger_than(*stored_[p]->part, max_points_));
  engine::FilteredPart& part = mixed_.parts[p];
  std::vector<std::uint64_t>* bits = nullptr;
  for (const engine::PartItem item : *larger) {
    if (!part.allows(item)) continue;
    if (bits == nullptr) {
      const std::size_t items = part.part->count();
      bits = &mixed_.bitmaps.emplace_back((items + 63) / 64, ~std::uint64_t{0});
      if (items % 64 != 0) bits->back() = (std::uint64_t{1} << (items % 64)) - 1;
      if (part.allowed != nullptr) std::copy_n(part.allowed, bits->size(), bits->begin());
      part = {part.part, bits->data(), part.count()};
    }
    (*bits)[item.index() / 64] &= ~(std::uint64_t{1} << (item.index() % 64));
    --part.allowed_count;
    LEARNDOCK_TRY(const learnwares::Entry* const entry, stored_entry(p, item));
    mixed_.left_out.add(*entry, oddity_of(*entry, max_points_).value_or(""));
  }
  return {};
}

/// Makes the part of unindexed learnwares. Removes from `entries` those for which there was no time.
void ComparableParts::make_unindexed_part(learnwares::Selection& entries) {
  std::vector<engine::UnindexedItem> items;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool first = i == 0 && parts_.empty();
    if (i % kUnindexedStride == 0 && !first && late()) break;
    const learnwares::Entry& entry = *entries[i];
    const auto self = direct_self(entry, first ? deadline_.at_least(kSetUp) : deadline_);
    if (!self) {
      deadline_.cut_short();
      cut_ = true;
      break;
    }
    items.push_back({nullptr, entry.id(), entry.specification()->view(), *self});
  }
  entries.resize(items.size());
  count_ += items.size();
  if (!items.empty())
    parts_.push_back({engine::make_unindexed_part(key_.kernel, key_.dimension(), std::move(items))});
}

bool ComparableParts::late() {
  cut_ = cut_ || deadline_.spent();
  return cut_;
}

}  // namespace learndock::query
