#include "learndock/index/certified_mixture.hpp"

#include "learndock/numeric/simplex_qp.hpp"

#include "index/objective.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace learndock::index {
namespace {

/// A learnware in the mixture: its set, kept for good, and what products with it take.
struct Member {
  CertifiedHit hit;
  std::vector<double> points, weights;
  compute::ReducedSetView view;
  std::optional<compute::DirectQuery> direct;
};

/// The mixture as it stands.
class State {
 public:
  State(std::span<const FilteredPart> parts, const compute::ReducedSetView& query, unsigned threads)
      : parts_(parts),
        kernel_(parts[0].part->kernel()),
        user_(query, kernel_),
        user_self_(user_.inner_product(query)),
        embedded_user_(parts, {&query, 1}, threads) {}

  Result<void> add(const CertifiedHit& hit) {
    const SearchPart& part = *parts_[hit.part].part;
    std::vector<double> memory;
    LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(hit.item, memory));
    Member& member = members_.emplace_back();
    member.hit = hit;
    member.points.assign(set.points, set.points + set.count * set.dimension);
    member.weights.assign(set.weights, set.weights + set.count);
    member.view = {member.points.data(), member.weights.data(), set.count, set.dimension, set.gamma};
    member.direct.emplace(member.view, kernel_);
    member.hit.mmd_squared = part.self(hit.item) - 2 * user_.inner_product(member.view) + user_self_;
    embedded_members_.emplace_back(parts_, std::span(&member.view, 1), 1U);
    return refit();
  }

  /// <mu, g> of any set, g = u - mix.
  [[nodiscard]] double alignment(const compute::ReducedSetView& set) const {
    double sum = user_.inner_product(set);
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (weights_[i] != 0) sum -= weights_[i] * members_[i].direct->inner_product(set);
    return sum;
  }
  [[nodiscard]] double own_alignment() const {
    double sum = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) sum += weights_[i] * alignment(members_[i].view);
    return sum;
  }
  [[nodiscard]] Embedding embedding(std::size_t part) const {
    std::vector<const Embedding*> members;
    for (const SpaceEmbeddings& one : embedded_members_) members.push_back(&one.of(part, 0));
    return parts_[part].part->space()->difference(embedded_user_.of(part, 0), members, weights_,
                                                  std::max(0.0, mmd_squared_));
  }
  [[nodiscard]] bool has(const CertifiedHit& hit) const {
    return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
      return member.hit.part == hit.part && member.hit.item == hit.item;
    });
  }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] double mmd_squared() const { return mmd_squared_; }
  [[nodiscard]] double user_self() const { return user_self_; }

  [[nodiscard]] std::optional<CertifiedMixture> mixture(double gap, std::size_t evaluated) const {
    CertifiedMixture result{{}, {}, mmd_squared_, gap, evaluated};
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!(weights_[i] > 0)) continue;
      result.members.push_back(members_[i].hit);
      result.weights.push_back(weights_[i]);
    }
    if (result.members.size() < 2) return std::nullopt;
    return result;
  }

 private:
  Result<void> refit() {
    const std::size_t k = members_.size();
    Matrix<double> gram(k, k);
    std::vector<double> linear(k);
    for (std::size_t i = 0; i < k; ++i) {
      linear[i] = user_.inner_product(members_[i].view);
      for (std::size_t j = i; j < k; ++j)
        gram(i, j) = gram(j, i) = members_[j].direct->inner_product(members_[i].view);
    }
    LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(gram.view(), linear));
    weights_ = std::move(solution.weights);
    mmd_squared_ = user_self_ + 2 * solution.objective;
    return {};
  }

  std::span<const FilteredPart> parts_;
  compute::GaussianKernel kernel_;
  compute::DirectQuery user_;
  double user_self_, mmd_squared_ = 0;
  SpaceEmbeddings embedded_user_;
  std::deque<Member> members_;  // a deque: views point into its elements
  std::vector<SpaceEmbeddings> embedded_members_;
  std::vector<double> weights_;
};

/// Minus the alignment with what a mixture leaves unexplained.
class Alignment final : public Objective {
 public:
  Alignment(std::span<const FilteredPart> parts, const State& state) : state_(state) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const SearchPart& part = *parts[p].part;
      if (part.space() == nullptr) {
        embeddings_.emplace_back();
        level_.push_back(0);
        rest_.push_back(0);
        continue;
      }
      embeddings_.push_back(state.embedding(p));
      const Embedding& g = embeddings_.back();
      // bound = norm + |g|^2 - 2 (upper bound of <a, g>), less what the middle adds.
      level_.push_back(part.alignment_norm() + g.squared_norm);
      rest_.push_back(-part.space()->middle_product(g) - part.space()->margin(part.largest_mass(), g.mass));
    }
  }

  /// Makes the prefilters, so that `prefilter` cannot fail.
  static Result<void> prepare(std::span<const FilteredPart> parts) {
    for (const FilteredPart& part : parts)
      if (part.part->space() != nullptr) LEARNDOCK_CHECK(part.part->alignment_prefilter());
    return {};
  }

  Result<double> value(const SearchPart& part, std::size_t item, std::vector<double>& memory) const override {
    LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(item, memory));
    return -state_.alignment(set);
  }
  const Embedding& embedding(std::size_t part) const override { return embeddings_[part]; }
  const Prefilter& prefilter(const SearchPart& part) const override {
    return *part.alignment_prefilter().value();
  }
  double least_value(std::size_t part, double bound) const override {
    return (bound - level_[part]) / 2 + rest_[part];
  }
  double bound_of(std::size_t part, double value) const override {
    return 2 * (value - rest_[part]) + level_[part];
  }

 private:
  const State& state_;
  std::vector<Embedding> embeddings_;
  std::vector<double> level_, rest_;
};

}  // namespace

Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                          const compute::ReducedSetView& query,
                                                          const CertifiedHit& first,
                                                          const MixtureOptions& options) {
  if (options.max_members < 2) return std::nullopt;
  LEARNDOCK_CHECK(Alignment::prepare(parts));
  CertifiedOptions search;
  search.top = 1;
  search.deadline = options.deadline;
  search.threads = options.threads;
  State state(parts, query, options.threads);
  LEARNDOCK_CHECK(state.add(first));
  std::size_t evaluated = 0;
  double lower_bound = 0;  // of any mixture; every step proves one, and the best of them holds
  while (true) {
    const Alignment alignment(parts, state);
    const Objective* const objective = &alignment;
    LEARNDOCK_TRY(const std::vector<BoundedAnswer> found, bounded_search(parts, {&objective, 1}, search));
    const BoundedAnswer& answer = found[0];
    evaluated += answer.evaluated;
    // Values are minus alignments: the least of all there is, seen or not.
    const double least = std::min(answer.unseen, answer.hits.empty() ? std::numeric_limits<double>::infinity()
                                                                     : answer.hits[0].mmd_squared);
    lower_bound =
        std::max(lower_bound, state.mmd_squared() - std::max(0.0, 2 * (-least - state.own_alignment())));
    const double gap = std::max(0.0, state.mmd_squared() - lower_bound);
    const bool late = options.deadline && std::chrono::steady_clock::now() >= *options.deadline;
    if (state.size() == options.max_members || gap <= options.negligible_gap * state.user_self() ||
        answer.hits.empty() || state.has(answer.hits[0]) || late)
      return state.mixture(gap, evaluated);
    LEARNDOCK_CHECK(state.add(answer.hits[0]));
  }
}

}  // namespace learndock::index
