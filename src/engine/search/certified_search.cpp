#include "engine/search/certified_search.hpp"

#include "base/parallel.hpp"
#include "engine/search/bounded_search.hpp"
#include "engine/search/space_embeddings.hpp"
#include "engine/search/tighten_by_products.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace learndock::engine {
namespace {

/// <u, u>. With many points it is divided among threads, because its cost grows with their square.
double self_of(const compute::DirectQuery& direct, const compute::ReducedSetView& view, unsigned threads) {
  constexpr std::size_t kManyPoints = 2048, kPiece = 512;
  if (view.count <= kManyPoints) return direct.inner_product(view);
  std::vector<double> sums((view.count + kPiece - 1) / kPiece);
  run_tasks(sums.size(), threads, [&](std::size_t piece) {
    const std::size_t first = piece * kPiece;
    compute::ReducedSetView part = view;
    part.points += first * view.dimension;
    part.weights += first;
    part.count = std::min(kPiece, view.count - first);
    sums[piece] = direct.inner_product(part);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// MMD^2 to one query.
class Distance final : public Objective {
 public:
  Distance(std::span<const FilteredPart> parts, const SpaceEmbeddings& embedded, std::size_t query,
           const compute::ReducedSetView& view, const CertifiedOptions& options)
      : parts_(parts),
        embedded_(embedded),
        query_(query),
        view_(view),
        options_(options),
        direct_(view, parts[0].part->kernel()),
        self_(self_of(direct_, view, options.threads)) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const FeatureSpace* const space = parts[p].part->space();
      margins_.push_back(
          space == nullptr ? 0 : space->margin(parts[p].part->largest_mass(), embedded.of(p, query).mass));
    }
  }

  Result<double> value(const SearchPart& part, PartItem item, std::vector<double>& memory) const override {
    LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(item, memory));
    return part.self(item) - 2 * direct_.inner_product(set) + self_;
  }
  [[nodiscard]] double query_self() const { return self_; }
  const Embedding& embedding(std::size_t part) const override { return embedded_.of(part, query_); }
  const Prefilter& prefilter(const SearchPart& part) const override { return part.prefilter(); }
  double least_value(std::size_t part, double bound) const override { return bound - margins_[part]; }
  double bound_of(std::size_t part, double value) const override { return value + margins_[part]; }
  Result<void> tighten(std::vector<Candidate>& candidates) const override {
    return tighten_by_products(parts_, view_, self_, options_, candidates);
  }

 private:
  std::span<const FilteredPart> parts_;
  const SpaceEmbeddings& embedded_;
  std::size_t query_;
  compute::ReducedSetView view_;
  const CertifiedOptions& options_;
  compute::DirectQuery direct_;
  double self_;
  std::vector<double> margins_;  // [parts]
};

CertifiedAnswer answer_of(BoundedAnswer found, std::size_t top) {
  CertifiedAnswer answer;
  answer.evaluated = found.evaluated;
  answer.unseen = found.unseen;
  answer.hits = std::move(found.hits);
  const double last = answer.hits.empty() ? kInfinity : answer.hits.back().mmd_squared;
  const double threshold = answer.hits.size() < top ? kInfinity : last;
  // Infinite means that everything was evaluated, also if there were fewer learnwares than asked for.
  answer.exact = found.unseen == kInfinity || found.unseen > threshold || top == 0;
  // A distance is never below zero, whatever a bound says.
  if (!answer.exact && !answer.hits.empty()) answer.slack = std::max(0.0, last - std::max(found.unseen, 0.0));
  return answer;
}

}  // namespace

Result<std::vector<CertifiedAnswer>> certified_search(std::span<const FilteredPart> parts,
                                                      std::span<const compute::ReducedSetView> queries,
                                                      const CertifiedOptions& options) {
  for (const FilteredPart& part : parts)
    for (const compute::ReducedSetView& query : queries)
      if (query.dimension != part.part->dimension())
        return fail(ErrorCode::spec_dimension,
                    fmt::format("a query of dimension {} was put to a space of dimension {}", query.dimension,
                                part.part->dimension()));
  std::vector<CertifiedAnswer> answers(queries.size());
  for (CertifiedAnswer& answer : answers) {
    answer.exact = true;
    answer.unseen = kInfinity;
  }
  if (parts.empty() || queries.empty()) return answers;
  const SpaceEmbeddings embedded(parts, queries, options.threads);
  std::vector<Distance> distances;
  distances.reserve(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q)
    distances.emplace_back(parts, embedded, q, queries[q], options);
  std::vector<const Objective*> objectives;
  for (const Distance& distance : distances) objectives.push_back(&distance);
  LEARNDOCK_TRY(std::vector<BoundedAnswer> found, bounded_search(parts, objectives, options));
  for (std::size_t q = 0; q < queries.size(); ++q) {
    answers[q] = answer_of(std::move(found[q]), options.top);
    answers[q].query_self = distances[q].query_self();
  }
  return answers;
}

}  // namespace learndock::engine
