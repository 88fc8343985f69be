#include "query/searcher.hpp"

#include "learndock/base/json.hpp"

#include "base/parallel.hpp"
#include "query/further.hpp"
#include "query/indexed_search.hpp"
#include "query/request/answer_terms.hpp"
#include "query/set_limits.hpp"
#include "query/statistical_search.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace learndock::query {
namespace {

using SteadyClock = Deadline::Clock;

constexpr std::size_t kMaxTop = 1000;
constexpr std::size_t kMaxCertified = 20, kMaxMixture = 100;
constexpr std::size_t kMaxTextBytes = 256;

Result<void> check_specification(const SearchRequest& request, std::size_t max_points) {
  const specification::RkmeSpecification& specification = *request.specification;
  if (auto few = check_query_points(specification, max_points); !few) {
    Error error = std::move(few).error();
    error.where = "/spec" + error.where;
    return Failure(std::move(error));
  }
  LEARNDOCK_CHECK(specification::validate(specification));
  if (auto comparable = specification::check_comparable(specification); !comparable)
    return fail(comparable.error().code, comparable.error().message, "/spec",
                "search by --semantic or --text");
  if (request.scores == ScoreMode::compat && specification.kernel.scales > 1)
    return fail(ErrorCode::spec_kernel,
                fmt::format("compat scores are the reference's, which knows one scale; the query has {}",
                            specification.kernel.scales),
                "/spec/scales", "use absolute scores, or make the specification without --scales");
  return {};
}

Result<void> check(const SearchRequest& request, std::size_t max_points) {
  if (request.scores == ScoreMode::absolute && (request.top == 0 || request.top > kMaxTop))
    return fail(ErrorCode::invalid_argument,
                fmt::format("top is {}, it must be 1 to {}", request.top, kMaxTop), "/top");
  if (request.scores == ScoreMode::compat && request.mixture_method == MixtureMethod::certified)
    return fail(ErrorCode::invalid_argument, "compat scores go with the greedy or auto mixture",
                "/mixture_method");
  const std::size_t most = method_of(request) == MixtureMethod::certified ? kMaxCertified : kMaxMixture;
  if (members_of(request) > most)
    return fail(ErrorCode::invalid_argument,
                fmt::format("mixture is {}, it must be 0 to {}", members_of(request), most), "/mixture",
                most == kMaxCertified ? "greedy and auto take up to 100" : "");
  if (request.text.size() > kMaxTextBytes || request.semantic.name.size() > kMaxTextBytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("search words are longer than {} bytes", kMaxTextBytes), "/text");
  if (!request.columns.empty() && request.specification &&
      request.columns.size() != request.specification->dimension())
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} columns are named, the specification has {}", request.columns.size(),
                            request.specification->dimension()),
                "/columns", "name all columns of the specification in its order, or none");
  return request.specification ? check_specification(request, max_points) : Result<void>();
}

/// The kernel that the index uses for learnwares comparable with the request's specification.
std::optional<compute::Kernel> chosen_kernel(const learnwares::Snapshot& snapshot,
                                             const SearchRequest& request) {
  if (!request.specification || request.scores != ScoreMode::absolute) return std::nullopt;
  return snapshot.kernels.kernel_of(specification::SpaceFamily::of(*request.specification));
}

/// How many of the filtered learnwares an answer can show or has to compare.
std::size_t filtered_needed(const SearchRequest& request) {
  return request.specification || request.scores == ScoreMode::compat ? SIZE_MAX : request.top;
}

void fill_semantic(SearchAnswer& answer, const learnwares::Selection& entries) {
  for (const learnwares::Entry* entry : entries)
    answer.singles.push_back({entry->learnware_id(), std::string(entry->name()), {}, {}});
}

/// Only the dock's own backend searches the stored index. Another named one, and the reference, compare
/// everything.
bool goes_by_index(const learnwares::Snapshot& snapshot, const SearchRequest& request,
                   const compute::Backend& backend) {
  return backend.name() == snapshot.backend && backend.name() != kReference && is_indexed(snapshot, request);
}

/// Answers the request with its specification under another kernel, which a warning says.
Result<SearchAnswer> search_under(const compute::Kernel& kernel, SearchRequest request,
                                  const learnwares::Snapshot& snapshot, const SearchMeans& means) {
  const compute::Kernel own = std::exchange(request.specification->kernel, kernel);
  LEARNDOCK_TRY(SearchAnswer answer, search_snapshot(snapshot, request, means.backend, means.threads,
                                                     means.catalog, means.max_points));
  answer.warnings.insert(
      answer.warnings.begin(),
      {WarningCode::gamma_replaced,
       fmt::format(
           "gamma {} in place of the query's gamma {}: the index compares {} of dimension {} under it, "
           "whatever gamma they were made with; --scores compat uses each learnware's own",
           kernel.gamma, own.gamma, request.specification->kind->name(), request.specification->dimension()),
       Json{{"index", kernel.gamma}, {"query", own.gamma}}});
  return answer;
}

}  // namespace

Result<SearchAnswer> search_snapshot(const learnwares::Snapshot& snapshot, const SearchRequest& request,
                                     const compute::Backend& backend, unsigned threads,
                                     const catalog::Catalog* catalog, std::size_t max_points) {
  const auto start = SteadyClock::now();
  LEARNDOCK_CHECK(check(request, max_points));
  const auto chosen = chosen_kernel(snapshot, request);
  if (chosen && *chosen != request.specification->kernel)
    return search_under(*chosen, request, snapshot, {backend, threads, catalog, max_points});
  SearchAnswer answer;
  answer.index_version = snapshot.version;
  Deadline deadline(start, request.budget);
  const bool indexed = goes_by_index(snapshot, request, backend);
  const bool unfiltered = indexed && request.text.empty() && request.statuses.empty() &&
                          request.semantic == specification::SemanticSpecification();
  if (threads == 0) threads = usable_cores();
  const FilterRequest filter_request{request.semantic, request.text, filtered_needed(request),
                                     catalog,          threads,      request.statuses};
  learnwares::Selection entries;
  learnwares::Bitmap items;
  if (!indexed) {
    entries = filter(snapshot, filter_request, deadline);
    if (request.specification)
      for (const learnwares::Entry*& entry : entries)
        entry = compared_by(snapshot, *entry, *request.specification);
  }
  if (indexed && !unfiltered) items = filter_items(snapshot, filter_request, deadline);
  answer.timings_ms["filter"] = milliseconds_since(start);
  answer.exact = !deadline.cut();
  if (deadline.cut()) answer.warnings.push_back(cut_filter());
  if (request.specification && indexed) {
    LEARNDOCK_CHECK(warn_if_blind(*request.specification, chosen.has_value(), backend, answer.warnings));
    LEARNDOCK_CHECK(indexed_search(
        {request, snapshot, unfiltered ? nullptr : &items, backend, threads, max_points}, deadline, answer));
  } else if (request.specification) {
    LEARNDOCK_CHECK(statistical_search({request, snapshot, entries, chosen.has_value()},
                                       {backend, threads, catalog, max_points}, deadline, answer));
  } else {
    fill_semantic(answer, entries);
  }
  answer.timings_ms["total"] = milliseconds_since(start);
  return answer;
}

}  // namespace learndock::query
