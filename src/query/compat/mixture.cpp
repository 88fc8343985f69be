#include "query/compat/mixture.hpp"

#include "engine/mixture/certified_mixture.hpp"
#include "engine/part/unindexed_part.hpp"
#include "numeric/affine_span.hpp"
#include "numeric/simplex_qp.hpp"
#include "numeric/sums.hpp"
#include "query/compat/timed_products.hpp"
#include "query/request/answer_terms.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace learndock::query {
namespace {

// The reference's constants.
constexpr double kRequiredGain = 0.95;
constexpr double kWeightCut = 0.98;
/// The MMD^2, per <u, u>, below which the reference's solver does not tell mixtures apart: a blend this good
/// takes no further member.
constexpr double kBlendFound = 1e-9;
/// Weights are told apart to one part in this many, a precision that the fit reaches.
constexpr double kWeightUnits = 1e9;

std::vector<compute::ReducedSetView> with_kernel(std::span<const compute::ReducedSetView> sets,
                                                 const compute::Kernel& kernel) {
  std::vector<compute::ReducedSetView> views(sets.begin(), sets.end());
  for (auto& view : views) view = view.under(kernel);
  return views;
}

/// <u, l> for every candidate under the user's kernel, the reference's left-hand side in mixtures; nothing
/// when the deadline came first.
Result<std::optional<std::vector<double>>> user_products(const MixtureProblem& problem) {
  std::vector<double> products(problem.candidates.size());
  LEARNDOCK_TRY(const bool in_time,
                inner_products_in_time(problem.backend, problem.user,
                                       with_kernel(problem.candidates, problem.user.kernel), products,
                                       problem.deadline));
  if (!in_time) return std::nullopt;
  return products;
}

/// cross(i, j) = <l_i, l_j> under l_i's gamma; nothing when the deadline came first.
Result<std::optional<Matrix<double>>> cross_products(const MixtureProblem& problem) {
  const std::size_t n = problem.candidates.size();
  Matrix<double> cross(n, n);
  std::vector<double> column(n);
  for (std::size_t j = 0; j < n; ++j) {
    if (problem.spent()) return std::nullopt;
    LEARNDOCK_TRY(const bool in_time, inner_products_in_time(problem.backend, problem.candidates[j],
                                                             problem.candidates, column, problem.deadline));
    if (!in_time) return std::nullopt;
    for (std::size_t i = 0; i < n; ++i) cross(i, j) = column[i];
  }
  return cross;
}

struct Fit {
  std::vector<double> weights;
  double value = 0;
};

/// Weights of the chosen members and the mixture's MMD^2. `inner(a, b)` gives <member a, member b> for a <=
/// b.
template <class Inner>
Result<Fit> fit(const std::vector<std::size_t>& members, std::span<const double> user, double user_self,
                Inner inner) {
  const std::size_t k = members.size();
  Matrix<double> gram(k, k);
  std::vector<double> linear(k);
  for (std::size_t a = 0; a < k; ++a) {
    linear[a] = user[members[a]];
    for (std::size_t b = a; b < k; ++b) gram(a, b) = gram(b, a) = inner(a, b);
  }
  LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(gram.view(), linear));
  return Fit{std::move(solution.weights), user_self + 2 * solution.objective};
}

/// The state of a forward selection. `with_chosen[s][c]` = <c, chosen_s> under c's gamma.
class GreedySelection {
 public:
  explicit GreedySelection(const MixtureProblem& problem)
      : problem_(problem),
        one_kernel_(std::all_of(problem.candidates.begin(), problem.candidates.end(),
                                [&](const auto& one) { return one.kernel == problem.user.kernel; })),
        used_(problem.candidates.size(), false),
        self_(problem.candidates.size()) {}

  /// @return false: the deadline came first
  Result<bool> start() {
    LEARNDOCK_TRY(auto user, user_products(problem_));
    if (!user) return false;
    user_ = std::move(*user);
    if (!problem_.known_self.empty()) {
      self_.assign(problem_.known_self.begin(), problem_.known_self.end());
      return true;
    }
    return self_products_in_time(problem_.backend, problem_.candidates, self_, problem_.deadline);
  }

  /// Adds the candidate whose refitted mixture is best; false when it gains too little, none is left or the
  /// deadline came.
  Result<bool> add_best() {
    if (!chosen_.empty() && current_.value <= kBlendFound * problem_.user_self) return false;
    const std::vector<Promise> promises = promises_of_all();
    std::optional<std::size_t> best;
    Fit best_fit;
    std::size_t fitted = 0;
    for (const auto [least, c] : promises) {
      if (best && least > best_fit.value) break;
      if (fitted++ % kStride == 0 && !chosen_.empty() && problem_.spent()) return false;
      auto candidate = fit_with(c);
      // Products under several gammas may belong to no inner product; such a candidate has no best fit.
      if (!candidate) continue;
      if (best && std::pair(best_fit.value, *best) < std::pair(candidate->value, c)) continue;
      best = c;
      best_fit = std::move(*candidate);
    }
    if (!best || (!chosen_.empty() && !(best_fit.value <= kRequiredGain * current_.value))) return false;
    std::vector<double> column(used_.size());
    LEARNDOCK_TRY(const bool in_time, inner_products_in_time(problem_.backend, problem_.candidates[*best],
                                                             problem_.candidates, column, problem_.deadline));
    if (!in_time) return false;
    with_chosen_.push_back(std::move(column));
    used_[*best] = true;
    chosen_.push_back(*best);
    current_ = std::move(best_fit);
    return true;
  }

  std::optional<Mixture> take() {
    if (chosen_.size() < 2) return std::nullopt;
    return Mixture{std::move(chosen_), std::move(current_.weights), current_.value, std::nullopt};
  }

 private:
  static constexpr std::size_t kStride = 16;  // fits between two looks at the clock
  /// The rounding of a promise, as shares of it and of <u, u>.
  static constexpr double kOfGain = 1e-6, kOfUser = 1e-9;

  /// The least MMD^2 that the mixture can have with a candidate.
  struct Promise {
    double least;
    std::size_t candidate;
  };

  /// Promises of the unused candidates, the most promising first. With w optimal on conv S, G = <u - w, l -
  /// w> and h the distance of l from aff S, f(S and l) >= f(w) - max(0, G)^2 / h^2: few have to be fitted.
  [[nodiscard]] std::vector<Promise> promises_of_all() const {
    const std::optional<AffineSpan> span = chosen_.empty() || !one_kernel_ ? std::nullopt : span_of_chosen();
    std::vector<Promise> promises;
    std::vector<double> products(chosen_.size());
    const double own = own_alignment();
    for (std::size_t c = 0; c < used_.size(); ++c) {
      if (used_[c]) continue;
      double least = -std::numeric_limits<double>::infinity();
      if (span) {
        for (std::size_t s = 0; s < chosen_.size(); ++s) products[s] = with_chosen_[s][c];
        const double better = user_[c] - numeric::dot(current_.weights, products) - own;
        const double gain = better > 0 ? better * better / span->squared_distance(self_[c], products) : 0.0;
        least = current_.value - gain * (1 + kOfGain) - kOfUser * problem_.user_self;
      }
      promises.push_back({least, c});
    }
    std::stable_sort(promises.begin(), promises.end(),
                     [](const Promise& a, const Promise& b) { return a.least < b.least; });
    return promises;
  }

  [[nodiscard]] std::optional<AffineSpan> span_of_chosen() const {
    Matrix<double> gram(chosen_.size(), chosen_.size());
    for (std::size_t a = 0; a < chosen_.size(); ++a)
      for (std::size_t b = a; b < chosen_.size(); ++b) gram(a, b) = gram(b, a) = product(a, b, chosen_);
    return AffineSpan::of(gram.view());
  }

  /// <u - w, w>.
  [[nodiscard]] double own_alignment() const {
    double sum = 0;
    for (std::size_t a = 0; a < chosen_.size(); ++a) {
      double with_mixture = 0;
      for (std::size_t b = 0; b < chosen_.size(); ++b)
        with_mixture += current_.weights[b] * product(std::min(a, b), std::max(a, b), chosen_);
      sum += current_.weights[a] * (user_[chosen_[a]] - with_mixture);
    }
    return sum;
  }

  /// The product of two members, the second added later. Entry (a, b), a <= b, was formed when b was added
  /// last.
  [[nodiscard]] double product(std::size_t a, std::size_t b, const std::vector<std::size_t>& members) const {
    return a == b ? self_[members[a]] : with_chosen_[a][members[b]];
  }

  [[nodiscard]] Result<Fit> fit_with(std::size_t c) const {
    std::vector<std::size_t> trial = chosen_;
    trial.push_back(c);
    return fit(trial, user_, problem_.user_self,
               [&](std::size_t a, std::size_t b) { return product(a, b, trial); });
  }

  const MixtureProblem& problem_;
  bool one_kernel_;
  std::vector<bool> used_;
  std::vector<double> self_, user_;
  std::vector<std::size_t> chosen_;
  std::vector<std::vector<double>> with_chosen_;
  Fit current_;
};

}  // namespace

Result<std::optional<Mixture>> greedy_mixture(const MixtureProblem& problem, std::size_t max_members) {
  GreedySelection selection(problem);
  LEARNDOCK_TRY(const bool started, selection.start());
  if (!started) return std::nullopt;
  for (std::size_t round = 0; round < max_members; ++round) {
    LEARNDOCK_TRY(const bool added, selection.add_best());
    if (!added) break;
  }
  return selection.take();
}

Result<std::optional<Mixture>> auto_mixture(const MixtureProblem& problem, std::size_t max_members) {
  const std::size_t n = problem.candidates.size();
  if (n == 0) return std::nullopt;
  LEARNDOCK_TRY(const auto products, cross_products(problem));
  if (!products) return std::nullopt;
  const Matrix<double>& cross = *products;
  LEARNDOCK_TRY(const auto products_with_user, user_products(problem));
  if (!products_with_user) return std::nullopt;
  const std::vector<double>& user = *products_with_user;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto fit_of = [&](const std::vector<std::size_t>& members) {
    return fit(members, user, problem.user_self,
               [&](std::size_t a, std::size_t b) { return cross(members[a], members[b]); });
  };
  LEARNDOCK_TRY(const Fit whole, fit_of(order));
  // Weights that are equal up to rounding stay in the order of distance.
  const auto rank = [&](std::size_t i) { return std::round(whole.weights[i] * kWeightUnits); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) > rank(b); });
  std::vector<std::size_t> chosen;
  double sum = 0;
  for (const std::size_t index : order) {
    sum += whole.weights[index];
    if (sum > kWeightCut) break;
    chosen.push_back(index);
  }
  if (chosen.size() < 2 || max_members < 2) return std::nullopt;
  if (chosen.size() > max_members) chosen.resize(max_members);
  LEARNDOCK_TRY(Fit refitted, fit_of(chosen));
  return Mixture{std::move(chosen), std::move(refitted.weights), refitted.value, std::nullopt};
}

Result<std::optional<Mixture>> certified_mixture(const MixtureProblem& problem, std::size_t max_members) {
  const std::size_t n = problem.candidates.size();
  if (n < 2 || max_members < 2) return std::nullopt;
  std::vector<engine::UnindexedItem> items;
  for (std::size_t i = 0; i < n; ++i)
    items.push_back({nullptr, problem.candidate_ids[i], problem.candidates[i], problem.candidate_self[i]});
  const compute::Kernel kernel = problem.candidates[0].kernel;
  const engine::FilteredPart part{
      engine::make_unindexed_part(kernel, problem.user.dimension, std::move(items))};
  engine::MixtureOptions options;
  options.max_members = max_members;
  options.proof_members = proof_members(max_members);
  options.threads = problem.threads;
  options.backend = &problem.backend;
  if (problem.deadline != nullptr) options.deadline = problem.deadline->end();
  LEARNDOCK_TRY(auto found,
                engine::certified_mixture({&part, 1}, problem.user,
                                          {0, engine::PartItem::at(problem.nearest), 0}, options));
  static_cast<void>(problem.spent());  // so that the answer says that the mixture was cut
  if (!found) return std::nullopt;
  Mixture mixture{{}, std::move(found->weights), found->mmd_squared, found->gap};
  for (const engine::CertifiedHit& member : found->members) mixture.members.push_back(member.item.index());
  return mixture;
}

}  // namespace learndock::query
