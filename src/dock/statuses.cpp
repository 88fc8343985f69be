#include "dock/statuses.hpp"

#include <utility>
#include <vector>

namespace learndock::dock {

Result<void> Statuses::refresh(const Truth& truth, View& view) {
  // A look may take so much of the time, one part in this many.
  constexpr int kShare = 20;
  const Lock hold(mutex_);
  const Clock::time_point start = Clock::now();
  if (seen_ && start < next_ && view.current()->tried) return {};
  LEARNDOCK_TRY(const std::uint64_t now, truth.catalog().status_changes());
  // A snapshot that was made anew has not been told yet.
  if (seen_ == now && view.current()->tried) return {};
  LEARNDOCK_TRY(const std::vector<catalog::TriedLearnware> tried, truth.catalog().tried());
  std::vector<LearnwareNumber> verified, failed;
  for (const catalog::TriedLearnware& one : tried)
    (one.status == catalog::Status::verified ? verified : failed).push_back(one.sequence);
  {
    const Lock writing(truth.writer());
    view.show_tried(truth, std::move(verified), std::move(failed));
  }
  seen_ = now;
  next_ = Clock::now() + kShare * (Clock::now() - start);
  return {};
}

Result<void> add_statuses(const Truth& truth, query::SearchAnswer& answer) {
  std::vector<LearnwareId> ids;
  for (const query::SingleHit& hit : answer.singles) ids.push_back(hit.id);
  if (answer.mixture)
    for (const query::MixtureMember& member : answer.mixture->members) ids.push_back(member.id);
  LEARNDOCK_TRY(const std::vector<catalog::Status> statuses, truth.catalog().statuses(ids));
  auto next = statuses.begin();
  for (query::SingleHit& hit : answer.singles) hit.status = *next++;
  if (answer.mixture)
    for (query::MixtureMember& member : answer.mixture->members) member.status = *next++;
  return {};
}

}  // namespace learndock::dock
