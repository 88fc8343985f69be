#include "learnwares/tried_items.hpp"

#include "learnwares/entry.hpp"

#include <algorithm>
#include <utility>

namespace learndock::learnwares {
namespace {

Bitmap items_of(const std::vector<LearnwareNumber>& numbers,
                std::span<const std::shared_ptr<const Entry>> entries, const SemanticIndex& index) {
  std::vector<SnapshotPosition> positions;
  auto next = entries.begin();
  for (const LearnwareNumber number : numbers) {
    next = std::lower_bound(next, entries.end(), number, [](const auto& entry, LearnwareNumber wanted) {
      return entry->sequence() < wanted;
    });
    if (next == entries.end()) break;
    if ((*next)->sequence() == number)
      positions.push_back(SnapshotPosition::at(static_cast<std::size_t>(next - entries.begin())));
  }
  Bitmap items;
  items.add(index.items_at(positions));
  return items;
}

}  // namespace

TriedItems TriedItems::of(std::vector<LearnwareNumber> verified, std::vector<LearnwareNumber> failed,
                          std::span<const std::shared_ptr<const Entry>> entries, const SemanticIndex& index) {
  TriedItems tried;
  tried.verified = items_of(verified, entries, index);
  tried.failed = items_of(failed, entries, index);
  tried.verified_numbers = std::move(verified);
  tried.failed_numbers = std::move(failed);
  return tried;
}

}  // namespace learndock::learnwares
