#include "market/market_index.hpp"

#include <algorithm>

namespace learndock::market {

std::filesystem::path index_folder(const std::filesystem::path& dock) { return dock / "index"; }

bool OpenedIndex::holds(std::uint64_t key) const {
  return std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
    const std::span<const std::uint64_t> keys = part->keys();
    return std::binary_search(keys.begin(), keys.end(), key);
  });
}

OpenedIndex open_index(const index::IndexVersion& version,
                       const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
  OpenedIndex opened;
  for (const Error& problem : version.rebuild_needed) opened.problems.push_back(describe(problem));
  for (const auto& segment : version.content.segments) {
    auto part = index::open_part(segment, backend, threads);
    if (part)
      opened.parts.push_back(std::move(*part));
    else
      opened.problems.push_back(describe(part.error()));
  }
  return opened;
}

std::shared_ptr<const index::DockParts> live_parts(
    OpenedIndex opened, std::uint64_t version, std::span<const std::shared_ptr<const index::Entry>> entries) {
  if (opened.parts.empty()) return nullptr;
  std::vector<std::uint64_t> keys;
  keys.reserve(entries.size());
  for (const auto& entry : entries) keys.push_back(entry->sequence());
  auto parts = std::make_shared<index::DockParts>();
  parts->version = version;
  for (auto& part : opened.parts) {
    const index::SpaceKey space = part->space_key();
    parts->parts.push_back(index::live_part(space, std::move(part), keys));
  }
  return parts;
}

}  // namespace learndock::market
