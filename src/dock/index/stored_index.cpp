#include "dock/index/stored_index.hpp"

#include "learndock/specification/codec.hpp"

#include "dock/index/catalog_samples.hpp"

#include <algorithm>

namespace learndock::dock {
namespace {

/// Whether the part's item is this record's learnware. Their gammas may differ, since a re-index may choose
/// one.
bool is_of(const engine::StoredPart& part, engine::PartItem item, const catalog::LearnwareRecord& record) {
  if (part.id(item) != record.id.text() || record.statistical.empty()) return false;
  const auto specification = specification::from_binary(record.statistical);
  if (!specification) return false;  // reading the record, which is next, says what is wrong
  std::vector<double> memory;
  const auto set = part.set(item, memory);
  if (!set) return set.error().code == ErrorCode::corrupt;  // searches find the damage and report it
  const std::size_t values = set->count * set->dimension;
  return set->count == specification->weights.size() && values == specification->points.values().size() &&
         std::equal(set->points, set->points + values, specification->points.values().begin()) &&
         std::equal(set->weights, set->weights + set->count, specification->weights.begin());
}

}  // namespace

Result<void> drop_foreign_parts(const catalog::Catalog& catalog, std::span<const LearnwareNumber> live,
                                OpenedIndex& opened) {
  for (auto part = opened.parts.begin(); part != opened.parts.end();) {
    LEARNDOCK_TRY(const bool own, agrees(catalog, (*part)->keys(), live,
                                         [&](std::size_t item, const catalog::LearnwareRecord& record) {
                                           return is_of(**part, engine::PartItem::at(item), record);
                                         }));
    if (!own)
      opened.problems.push_back((*part)->segment()->path().string() +
                                " was made from another catalogue; rebuild the index: learndock reindex");
    part = own ? part + 1 : opened.parts.erase(part);
  }
  return {};
}

bool OpenedIndex::holds(LearnwareNumber key) const {
  return std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
    const std::span<const LearnwareNumber> keys = part->keys();
    return std::binary_search(keys.begin(), keys.end(), key);
  });
}

OpenedIndex open_index(const store::IndexVersion& version,
                       const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
  OpenedIndex opened;
  for (const Error& problem : version.rebuild_needed) opened.problems.push_back(describe(problem));
  auto kernels = specification::kernels_from_text(version.content.kernels);
  if (!kernels) {
    opened.problems.push_back(describe(kernels.error()));
    return opened;
  }
  opened.kernels = std::move(*kernels);
  for (const auto& segment : version.content.segments) {
    auto part = engine::open_part(segment, backend, threads);
    if (part)
      opened.parts.push_back(std::move(*part));
    else
      opened.problems.push_back(describe(part.error()));
  }
  return opened;
}

std::shared_ptr<const learnwares::DockParts> live_parts(
    OpenedIndex opened, std::uint64_t version,
    std::span<const std::shared_ptr<const learnwares::Entry>> entries) {
  if (opened.parts.empty()) return nullptr;
  std::vector<LearnwareNumber> keys;
  keys.reserve(entries.size());
  for (const auto& entry : entries) keys.push_back(entry->sequence());
  auto parts = std::make_shared<learnwares::DockParts>();
  parts->version = version;
  for (auto& part : opened.parts) {
    const specification::SpaceId space = part->space_id();
    parts->parts.push_back(learnwares::live_part(space, std::move(part), keys));
  }
  return parts;
}

}  // namespace learndock::dock
