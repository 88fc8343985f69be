#include "query/further.hpp"

#include <algorithm>

namespace learndock::query {

const learnwares::Entry* compared_by(const learnwares::Snapshot& snapshot, const learnwares::Entry& entry,
                                     const specification::RkmeSpecification& query) {
  const auto less = [](const auto& one, LearnwareNumber wanted) { return one->sequence() < wanted; };
  auto next = std::lower_bound(snapshot.further.begin(), snapshot.further.end(), entry.sequence(), less);
  for (; next != snapshot.further.end() && (*next)->sequence() == entry.sequence(); ++next) {
    const specification::SpaceFamily& family = *(*next)->traits().family;
    if (family.kind == query.kind && family.shape == query.trailing_shape) return next->get();
  }
  return &entry;
}

}  // namespace learndock::query
