#include "dock/index/catalog_samples.hpp"

#include <algorithm>
#include <vector>

namespace learndock::dock {
namespace {

/// Records that are compared. Half of them are the latest: where two histories part, all later records
/// differ.
constexpr std::size_t kSamples = 128;

/// Positions in `made`.
std::vector<std::size_t> sampled(std::span<const LearnwareNumber> made,
                                 std::span<const LearnwareNumber> live) {
  std::vector<std::size_t> chosen;
  const auto take = [&](std::size_t position) {
    if (std::binary_search(live.begin(), live.end(), made[position])) chosen.push_back(position);
  };
  std::size_t latest = made.size();
  while (latest > 0 && chosen.size() < kSamples / 2) take(--latest);
  const std::size_t step = std::max<std::size_t>(1, latest / (kSamples / 2));
  for (std::size_t position = 0; position < latest; position += step) take(position);
  return chosen;
}

}  // namespace

Result<bool> agrees(const catalog::Catalog& catalog, std::span<const LearnwareNumber> made,
                    std::span<const LearnwareNumber> live,
                    const std::function<bool(std::size_t, const catalog::LearnwareRecord&)>& same) {
  for (const std::size_t position : sampled(made, live)) {
    LEARNDOCK_TRY(const auto record, record_of(catalog, made[position]));
    if (record && record->damage.empty() && !same(position, *record)) return false;
  }
  return true;
}

Result<std::optional<catalog::LearnwareRecord>> record_of(const catalog::Catalog& catalog,
                                                          LearnwareNumber sequence) {
  std::optional<catalog::LearnwareRecord> found;
  LEARNDOCK_CHECK(
      catalog.visit_range(sequence, sequence, [&](catalog::LearnwareRecord& record) -> Result<void> {
        found = std::move(record);
        return {};
      }));
  return found;
}

}  // namespace learndock::dock
