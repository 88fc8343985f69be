#include "dock/deleting.hpp"

#include "dock/view/entry_fields.hpp"

#include <utility>

namespace learndock::dock {

Result<catalog::LearnwareRecord> delete_learnware(Truth& truth, View& view, const LearnwareId& id,
                                                  std::optional<std::int64_t>* kept_until_unix_ms) {
  LEARNDOCK_CHECK(truth.writable());
  const Lock lock(truth.writer());
  Deletions deletions = truth.deletions();
  LEARNDOCK_TRY(Deletions::Removed removed, deletions.remove_row(id));
  view.withdraw(truth, removed.record.sequence);
  LEARNDOCK_CHECK(deletions.remove_package(removed));
  if (kept_until_unix_ms != nullptr)
    if (const auto until = deletions.kept_until(removed)) *kept_until_unix_ms = until;
  return std::move(removed.record);
}

Result<catalog::LearnwareRecord> undelete_learnware(Truth& truth, View& view, const compute::Backend& backend,
                                                    const LearnwareId& id) {
  LEARNDOCK_CHECK(truth.writable());
  const Lock lock(truth.writer());
  Deletions deletions = truth.deletions();
  LEARNDOCK_TRY(const DeletedLearnwares::Kept kept, deletions.find(id));
  const catalog::LearnwareRecord& record = kept.learnware.record;
  NewEntries entries(1);
  LEARNDOCK_TRY(entries.front(), entry_fields(record, view.current()->kernels));
  LEARNDOCK_CHECK(compute_self_terms(entries, backend));
  LEARNDOCK_CHECK(deletions.take_package_back(kept));
  auto stored = truth.insert({&record, 1});
  if (!stored) {
    LEARNDOCK_CHECK(deletions.give_package_up(kept));
    return Failure(std::move(stored).error());
  }
  view.add(truth, *stored, std::move(entries));
  deletions.brought_back(kept);
  return std::move(stored->front());
}

}  // namespace learndock::dock
