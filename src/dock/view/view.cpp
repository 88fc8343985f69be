#include "dock/view/view.hpp"

#include "dock/view/further.hpp"

#include <algorithm>
#include <cstddef>

namespace learndock::dock {

void View::publish(const Truth& /*truth*/, learnwares::Snapshot next,
                   std::span<const std::shared_ptr<const learnwares::Entry>> added) {
  const std::size_t known = next.entries.size();
  next.backend = backend_;
  next.entries.insert(next.entries.end(), added.begin(), added.end());
  for (const auto& entry : added) next.specification_bytes += entry->specification_bytes();
  if (next.parts) learnwares::count_added(next, added);
  const std::span entries(next.entries);
  const bool remade = next.semantic->sparse();
  next.semantic = std::make_shared<learnwares::SemanticIndex>(
      remade ? learnwares::SemanticIndex::of(entries) : next.semantic->extended(entries.subspan(known)));
  if (remade && next.tried)  // their items have other bits now
    next.tried = std::make_shared<learnwares::TriedItems>(learnwares::TriedItems::of(
        next.tried->verified_numbers, next.tried->failed_numbers, entries, *next.semantic));
  learnwares::find_filter_bits(next, remade);
  snapshots_.replace(std::make_shared<learnwares::Snapshot>(std::move(next)));
}

void View::add(Truth& truth, std::span<const catalog::LearnwareRecord> stored, NewEntries entries) {
  std::vector<std::shared_ptr<const learnwares::Entry>> added;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    entries[i].id = stored[i].id;
    entries[i].sequence = stored[i].sequence;
    added.push_back(learnwares::make_entry(std::move(entries[i]), &traits_));
  }
  // The catalogue's counter grew by one too, and no other process writes it.
  learnwares::Snapshot next = *current();
  ++next.version;
  for (std::size_t i = 0; i < stored.size(); ++i)
    if (!stored[i].further.empty()) show_further(next, *added[i], stored[i].further, traits_);
  publish(truth, std::move(next), added);
  truth.keep_mark(current()->entries.size());
}

void View::show_tried(const Truth& /*truth*/, std::vector<LearnwareNumber> verified,
                      std::vector<LearnwareNumber> failed) {
  learnwares::Snapshot next = *current();
  if (!next.semantic)
    next.semantic =
        std::make_shared<learnwares::SemanticIndex>(learnwares::SemanticIndex::of(std::span(next.entries)));
  next.tried = std::make_shared<learnwares::TriedItems>(learnwares::TriedItems::of(
      std::move(verified), std::move(failed), std::span(next.entries), *next.semantic));
  snapshots_.replace(std::make_shared<learnwares::Snapshot>(std::move(next)));
}

void View::withdraw(Truth& truth, LearnwareNumber sequence) {
  learnwares::Snapshot next = *current();
  ++next.version;
  std::erase_if(next.further, [&](const auto& one) { return one->sequence() == sequence; });
  const auto gone =
      std::lower_bound(next.entries.begin(), next.entries.end(), sequence,
                       [](const auto& entry, LearnwareNumber wanted) { return entry->sequence() < wanted; });
  if (gone != next.entries.end() && (*gone)->sequence() == sequence) {
    next.specification_bytes -= (*gone)->specification_bytes();
    if (next.parts) {
      learnwares::count_removed(next, **gone);
      next.parts = std::make_shared<learnwares::DockParts>(next.parts->without(sequence));
    }
    next.semantic = std::make_shared<learnwares::SemanticIndex>(next.semantic->without(
        learnwares::SnapshotPosition::at(static_cast<std::size_t>(gone - next.entries.begin()))));
    next.entries.erase(gone);
  }
  publish(truth, std::move(next), {});
  truth.forget_damage(sequence);
  truth.keep_mark(current()->entries.size());
}

}  // namespace learndock::dock
