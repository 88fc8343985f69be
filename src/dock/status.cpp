#include "dock/status.hpp"

#include <algorithm>
#include <utility>

namespace learndock::dock {

DockStatus status_of(const Truth& truth, const learnwares::Snapshot& snapshot) {
  DockStatus status;
  status.learnwares = snapshot.entries.size();
  status.index_version = snapshot.version;
  status.specification_bytes = snapshot.specification_bytes;
  status.backend = snapshot.backend;
  status.damaged = truth.damaged();
  status.orphans = truth.orphans();
  status.read_only = truth.read_only();
  if (!snapshot.parts) return status;
  status.indexed = snapshot.parts->live_count();
  for (const auto& part : snapshot.parts->parts) {
    std::string name = part->part->prefilter().name();
    if (std::find(status.prefilters.begin(), status.prefilters.end(), name) == status.prefilters.end())
      status.prefilters.push_back(std::move(name));
  }
  return status;
}

}  // namespace learndock::dock
