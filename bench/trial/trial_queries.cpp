#include "trial/trial_queries.hpp"

#include "base/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace learndock::trial {
namespace {

std::vector<compute::ReducedSetView> views_of(const std::vector<OwnedSet>& sets) {
  std::vector<compute::ReducedSetView> views;
  for (const OwnedSet& set : sets) views.push_back(set.view());
  return views;
}

/// A pass over the queries, one after the other, as users ask.
struct SinglePass {
  std::vector<engine::CertifiedAnswer> answers = {};
  std::vector<double> milliseconds = {};
  double total = 0;
};

Result<SinglePass> ask_singly(const Trial& trial, std::span<const compute::ReducedSetView> queries) {
  SinglePass pass;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    engine::CertifiedOptions search = trial.search_options();
    const Stopwatch watch;
    if (trial.options.budget.count() > 0)
      search.deadline = std::chrono::steady_clock::now() + trial.options.budget;
    LEARNDOCK_TRY(std::vector<engine::CertifiedAnswer> answers,
                  certified_search(trial.parts(), queries.subspan(q, 1), search));
    pass.milliseconds.push_back(watch.milliseconds());
    pass.total += pass.milliseconds.back();
    pass.answers.push_back(std::move(answers[0]));
  }
  return pass;
}

/// The quickest pass: other programs on the machine can only slow one down.
Result<SinglePass> quickest_pass(const Trial& trial, std::span<const compute::ReducedSetView> queries) {
  SinglePass best;
  for (std::size_t i = 0; i < trial.options.repeats; ++i) {
    if (trial.progress) trial.progress("searching", i, trial.options.repeats);
    LEARNDOCK_TRY(SinglePass pass, ask_singly(trial, queries));
    if (i == 0 || pass.total < best.total) best = std::move(pass);
  }
  if (trial.progress) trial.progress("searching", trial.options.repeats, trial.options.repeats);
  return best;
}

/// The number of learnwares whose bounds are not above the last distance: no method with these bounds
/// evaluates fewer.
Result<double> candidates_left(const Trial& trial, const compute::ReducedSetView& query, double last) {
  const std::vector<engine::Embedding> embedded = trial.part->space()->embed({&query, 1}, 1);
  const double margin = trial.part->space()->margin(trial.part->largest_mass(), embedded[0].mass);
  const float threshold =
      std::nextafter(static_cast<float>(last + margin), std::numeric_limits<float>::infinity());
  Matrix<compute::ScanHit> hit(1, 1);
  std::size_t count = 0;
  LEARNDOCK_CHECK(
      trial.part->prefilter().within({embedded, nullptr}, {&threshold, 1}, hit.view(), {&count, 1}));
  return static_cast<double>(count);
}

Result<void> describe_answers(const Trial& trial, std::span<const compute::ReducedSetView> queries,
                              const SinglePass& pass, TrialReport& report) {
  std::vector<double> evaluated, left, last;
  std::size_t certified = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const engine::CertifiedAnswer& answer = pass.answers[q];
    certified += answer.exact ? 1 : 0;
    evaluated.push_back(static_cast<double>(answer.evaluated));
    if (answer.hits.empty()) continue;
    last.push_back(answer.hits.back().mmd_squared);
    LEARNDOCK_TRY(const double count, candidates_left(trial, queries[q], last.back()));
    left.push_back(count);
  }
  report.certified_share = static_cast<double>(certified) / static_cast<double>(queries.size());
  report.evaluated = Quantiles::of(evaluated);
  report.left = Quantiles::of(left);
  report.last_mmd_squared = Quantiles::of(last);
  report.milliseconds = Quantiles::of(pass.milliseconds);
  return {};
}

/// Brute force by the definition: every learnware's distance, the least first, ties by id.
Result<std::vector<engine::CertifiedHit>> brute_force(const Trial& trial,
                                                      const compute::ReducedSetView& query) {
  constexpr std::size_t kPiece = 4096;
  const engine::StoredPart& part = *trial.part;
  const compute::DirectQuery direct(query, part.kernel());
  const double self = direct.inner_product(query);
  std::vector<engine::CertifiedHit> all(part.count());
  const std::size_t pieces = (all.size() + kPiece - 1) / kPiece;
  std::vector<Result<void>> done(pieces);
  run_tasks(pieces, trial.options.threads, [&](std::size_t piece) {
    std::vector<double> memory;
    const std::size_t end = std::min(all.size(), (piece + 1) * kPiece);
    for (auto item = engine::PartItem::at(piece * kPiece); item.index() < end && done[piece]; ++item)
      done[piece] = part.set(item, memory).map([&](const compute::ReducedSetView& set) {
        all[item.index()] = {0, item, part.self(item) - 2 * direct.inner_product(set) + self};
      });
  });
  for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
  const auto top = static_cast<std::ptrdiff_t>(std::min(trial.options.top, all.size()));
  std::partial_sort(all.begin(), all.begin() + top, all.end(), [&](const auto& a, const auto& b) {
    return a.mmd_squared != b.mmd_squared ? a.mmd_squared < b.mmd_squared : part.id(a.item) < part.id(b.item);
  });
  all.resize(static_cast<std::size_t>(top));
  return all;
}

bool same_hits(const std::vector<engine::CertifiedHit>& a, const std::vector<engine::CertifiedHit>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.item == y.item && x.mmd_squared == y.mmd_squared;
  });
}

}  // namespace

Result<void> time_queries(const Trial& trial, TrialReport& report) {
  const std::vector<compute::ReducedSetView> queries = views_of(trial.queries);
  // A warm-up pass, for pages, caches and clock rates.
  LEARNDOCK_CHECK(ask_singly(trial, std::span(queries).first(std::min<std::size_t>(20, queries.size()))));
  LEARNDOCK_TRY(const SinglePass pass, quickest_pass(trial, queries));
  LEARNDOCK_CHECK(describe_answers(trial, queries, pass, report));
  for (std::size_t i = 0; i < trial.options.repeats; ++i) {
    const Stopwatch watch;
    LEARNDOCK_CHECK(certified_search(trial.parts(), queries, trial.search_options()));
    report.batched_per_second =
        std::max(report.batched_per_second, static_cast<double>(queries.size()) / watch.seconds());
  }
  return {};
}

Result<void> compare_with_brute_force(const Trial& trial, TrialReport& report) {
  report.compared = std::min(trial.options.compared, trial.queries.size());
  if (report.compared == 0) return {};
  std::size_t equal = 0;
  std::vector<double> milliseconds;
  for (std::size_t q = 0; q < report.compared; ++q) {
    if (trial.progress) trial.progress("comparing", q, report.compared);
    const compute::ReducedSetView query = trial.queries[q].view();
    const Stopwatch watch;
    LEARNDOCK_TRY(const std::vector<engine::CertifiedHit> truth, brute_force(trial, query));
    milliseconds.push_back(watch.milliseconds());
    engine::CertifiedOptions search = trial.search_options();
    if (trial.options.budget.count() > 0)
      search.deadline = std::chrono::steady_clock::now() + trial.options.budget;
    LEARNDOCK_TRY(const auto answers, certified_search(trial.parts(), {&query, 1}, search));
    const bool same = same_hits(answers[0].hits, truth);
    equal += same ? 1 : 0;
    if (answers[0].exact && !same)
      return fail(ErrorCode::internal,
                  fmt::format("the answer to query {} claims to be exact and differs from brute force", q),
                  {}, "report this with the options of the trial");
  }
  if (trial.progress) trial.progress("comparing", report.compared, report.compared);
  report.equal_share = static_cast<double>(equal) / static_cast<double>(report.compared);
  report.brute_milliseconds = Quantiles::of(milliseconds).median;
  return {};
}

}  // namespace learndock::trial
