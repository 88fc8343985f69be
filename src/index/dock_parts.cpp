#include "learndock/index/dock_parts.hpp"

#include <algorithm>

namespace learndock::index {
namespace {

bool bit(std::span<const std::uint64_t> words, std::size_t i) {
  return (words[i / 64] >> (i % 64) & 1U) != 0;
}

}  // namespace

std::optional<std::size_t> LivePart::item_of(std::uint64_t key) const {
  const std::span<const std::uint64_t> keys = part->keys();
  const auto found = std::lower_bound(keys.begin(), keys.end(), key);
  if (found == keys.end() || *found != key) return std::nullopt;
  return static_cast<std::size_t>(found - keys.begin());
}

bool DockParts::holds(std::uint64_t key) const {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return part->item_of(key).has_value(); });
}

std::size_t DockParts::live_count() const {
  std::size_t count = 0;
  for (const auto& part : parts) count += part->live_count;
  return count;
}

DockParts DockParts::without(std::uint64_t key) const {
  DockParts next = *this;
  for (auto& part : next.parts) {
    const auto item = part->item_of(key);
    if (!item || !bit(part->live, *item)) continue;
    auto changed = std::make_shared<LivePart>(*part);
    changed->live[*item / 64] &= ~(std::uint64_t{1} << (*item % 64));
    --changed->live_count;
    part = std::move(changed);
  }
  return next;
}

/// Both lists ascend: steps through the longer one in jumps that double until they pass.
std::vector<std::uint64_t> allowed_items(const LivePart& part, std::span<const std::uint64_t> keys,
                                         std::size_t& count) {
  const std::span<const std::uint64_t> own = part.part->keys();
  std::vector<std::uint64_t> bits((own.size() + 63) / 64, 0);
  count = 0;
  std::size_t at = 0;
  for (const std::uint64_t key : keys) {
    std::size_t jump = 1;
    while (at + jump < own.size() && own[at + jump] < key) jump *= 2;
    const auto from = own.begin() + static_cast<std::ptrdiff_t>(at + jump / 2);
    const auto to = own.begin() + static_cast<std::ptrdiff_t>(std::min(own.size(), at + jump + 1));
    at = static_cast<std::size_t>(std::lower_bound(from, to, key) - own.begin());
    if (at == own.size()) break;
    if (own[at] != key || (!part.live.empty() && !bit(part.live, at))) continue;
    bits[at / 64] |= std::uint64_t{1} << (at % 64);
    ++count;
  }
  return bits;
}

std::shared_ptr<const LivePart> live_part(SpaceKey space, std::shared_ptr<const StoredPart> part,
                                          std::span<const std::uint64_t> keys) {
  auto made = std::make_shared<LivePart>();
  made->space = std::move(space);
  made->part = std::move(part);
  made->live = allowed_items(*made, keys, made->live_count);
  return made;
}

}  // namespace learndock::index
