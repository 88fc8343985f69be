#include "learnwares/dock_parts.hpp"

#include "learnwares/ascending.hpp"

#include <algorithm>

namespace learndock::learnwares {
namespace {

bool bit(std::span<const std::uint64_t> words, engine::PartItem item) {
  return (words[item.index() / 64] >> (item.index() % 64) & 1U) != 0;
}

}  // namespace

std::optional<engine::PartItem> LivePart::item_of(LearnwareNumber number) const {
  const std::span<const LearnwareNumber> keys = part->keys();
  const auto found = std::lower_bound(keys.begin(), keys.end(), number);
  if (found == keys.end() || *found != number) return std::nullopt;
  return engine::PartItem::at(static_cast<std::size_t>(found - keys.begin()));
}

bool DockParts::holds(LearnwareNumber number) const {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return part->item_of(number).has_value(); });
}

std::size_t DockParts::live_count() const {
  std::size_t count = 0;
  for (const auto& part : parts) count += part->live_count;
  return count;
}

DockParts DockParts::without(LearnwareNumber number) const {
  DockParts next = *this;
  for (auto& part : next.parts) {
    const auto item = part->item_of(number);
    if (!item || !bit(part->live, *item)) continue;
    auto changed = std::make_shared<LivePart>(*part);
    changed->live[item->index() / 64] &= ~(std::uint64_t{1} << (item->index() % 64));
    --changed->live_count;
    part = std::move(changed);
  }
  return next;
}

std::shared_ptr<const LivePart> live_part(specification::SpaceId space,
                                          std::shared_ptr<const engine::StoredPart> part,
                                          std::span<const LearnwareNumber> numbers) {
  auto made = std::make_shared<LivePart>();
  made->space = std::move(space);
  made->part = std::move(part);
  const std::span<const LearnwareNumber> own = made->part->keys();
  made->live.assign((own.size() + 63) / 64, 0);
  std::size_t at = 0;
  for (const LearnwareNumber number : numbers) {
    at = first_not_below(own, at, number);
    if (at == own.size()) break;
    if (own[at] != number) continue;
    made->live[at / 64] |= std::uint64_t{1} << (at % 64);
    ++made->live_count;
  }
  return made;
}

}  // namespace learndock::learnwares
