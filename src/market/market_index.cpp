#include "market/market_index.hpp"

namespace learndock::market {

std::filesystem::path index_folder(const std::filesystem::path& dock) { return dock / "index"; }

OpenedIndex open_index(const index::IndexVersion& version,
                       std::span<const std::shared_ptr<const index::Entry>> entries,
                       const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
  OpenedIndex opened;
  for (const Error& problem : version.rebuild_needed) opened.problems.push_back(describe(problem));
  if (version.content.segments.empty()) return opened;
  std::vector<std::uint64_t> keys;
  keys.reserve(entries.size());
  for (const auto& entry : entries) keys.push_back(entry->sequence);
  auto parts = std::make_shared<index::DockParts>();
  parts->version = version.number;
  for (const auto& segment : version.content.segments) {
    auto part = index::open_part(segment, backend, threads);
    if (!part) {
      opened.problems.push_back(describe(part.error()));
      continue;
    }
    const index::SpaceKey space = (*part)->space_key();
    parts->parts.push_back(index::live_part(space, std::move(*part), keys));
  }
  if (!parts->parts.empty()) opened.parts = std::move(parts);
  return opened;
}

}  // namespace learndock::market
