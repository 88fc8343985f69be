#include "dock/searching.hpp"

#include "query/column_check.hpp"
#include "query/searcher.hpp"

#include <memory>

namespace learndock::dock {
namespace {

/// How many damaged files one search gives up, one after another, before it ends with an error.
constexpr int kMostLostFiles = 3;

}  // namespace

Result<query::SearchAnswer> search_view(const Truth& truth, const View& view, Indexing& indexing,
                                        Backends& backends, const query::SearchRequest& request,
                                        unsigned threads, const std::function<void()>& given_up) {
  LEARNDOCK_TRY(const auto backend, backends.named(request.backend));
  std::shared_ptr<const learnwares::Snapshot> snapshot;  // held: hits are borrowed from it
  const auto search = [&]() -> Result<query::SearchAnswer> {
    snapshot = view.current();
    auto found = query::search_snapshot(*snapshot, request, *backend, threads, &truth.catalog(),
                                        truth.limits().max_points);
    LEARNDOCK_CHECK(snapshot->intact());  // else zeros may have been read in a lost file's place
    return found;
  };
  auto answer = search();
  // A file that is found damaged is given up: its content is read from the catalogue, and the learnwares of a
  // part are compared directly until it is rebuilt. The next try may find another damaged file.
  for (int met = 0; met < kMostLostFiles && !answer && answer.error().code == ErrorCode::corrupt; ++met) {
    if (!indexing.give_up_lost(*snapshot)) break;
    given_up();
    answer = search();
  }
  if (answer) {
    const Warnings names = query::column_warnings(request, *answer, *snapshot, truth.catalog());
    answer->warnings.insert(answer->warnings.begin(), names.begin(), names.end());
  }
  return answer;
}

}  // namespace learndock::dock
