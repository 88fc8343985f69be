#include "engine/part/large_sets.hpp"

#include "engine/space/part_sections.hpp"

#include <map>
#include <mutex>
#include <span>
#include <utility>

namespace learndock::engine {
namespace {

using Items = std::shared_ptr<const std::vector<PartItem>>;

/// What is known of one open segment. Another segment may later get the same address.
struct Known {
  std::weak_ptr<const store::Segment> segment;
  std::size_t points = 0;
  Items items;
};

Result<Items> look(const StoredPart& part, std::size_t points) {
  LEARNDOCK_TRY(const std::span<const std::uint64_t> starts,
                part.segment()->values<std::uint64_t>(kRecordStartSection));
  // A point takes at least its weight and its coordinates as floats.
  const std::size_t least = points * (sizeof(double) + sizeof(float) * part.dimension());
  std::vector<PartItem> larger;
  std::vector<double> memory;
  for (PartItem item; item.index() < part.count(); ++item) {
    if (starts[item.index() + 1] - starts[item.index()] <= least) continue;
    LEARNDOCK_TRY(const compute::ReducedSetView one, part.set(item, memory));
    if (one.count > points) larger.push_back(item);
  }
  return std::make_shared<const std::vector<PartItem>>(std::move(larger));
}

}  // namespace

Result<Items> larger_than(const StoredPart& part, std::size_t points) {
  static std::mutex mutex;
  static std::map<const store::Segment*, Known> all;
  const store::Segment* const segment = part.segment().get();
  {
    const std::scoped_lock lock(mutex);
    const auto known = all.find(segment);
    if (known != all.end() && known->second.points == points && !known->second.segment.expired())
      return known->second.items;
  }
  LEARNDOCK_TRY(Items items, look(part, points));
  const std::scoped_lock lock(mutex);
  std::erase_if(all, [](const auto& one) { return one.second.segment.expired(); });
  all[segment] = {part.segment(), points, items};
  return items;
}

}  // namespace learndock::engine
