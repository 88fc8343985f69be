#include "learndock/numeric/simplex_qp.hpp"

#include "compute/parallel.hpp"
#include "index/mixture_steps.hpp"
#include "index/subspace_fit.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace learndock::index {
namespace {

/// Learnwares whose alignments rounding does not tell apart, of which so many are compared in fp64.
constexpr std::size_t kMostCompared = 512;
/// Refits tried in one step, of those that promise most.
constexpr std::size_t kMostRefits = 64;
constexpr std::size_t kBlockRows = 2048;
/// A learnware this near the members' span, per <l, l>, is in it as far as fp32 products can tell.
constexpr double kInSpan = 1e-4;
/// Directions of the members' span this short, of the longest, are rounding.
constexpr double kShortDirection = 1e-9;

/// W with |W b|^2 = b' S^-1 b, where S are the products of the members' differences from the first.
Result<Matrix<double>> whitening(const Matrix<double>& gram) {
  const std::size_t n = gram.rows() - 1;
  if (n == 0) return Matrix<double>(0, 0);
  Matrix<double> spread(n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      spread(i, j) = gram(i + 1, j + 1) - gram(i + 1, 0) - gram(0, j + 1) + gram(0, 0);
  LEARNDOCK_TRY(Eigenpairs pairs, eigenpairs(std::move(spread)));
  for (std::size_t e = 0; e < n; ++e) {
    const bool is_long = pairs.values[e] > kShortDirection * pairs.values[0];
    for (double& value : pairs.vectors.row(e)) value *= is_long ? 1 / std::sqrt(pairs.values[e]) : 0;
  }
  return std::move(pairs.vectors);
}

}  // namespace

ProductSteps::ProductSteps(const MixtureState& state, const MixtureOptions& options)
    : parts_(state.parts()), options_(options), table_(parts_, *options.backend, options.threads) {}

Result<MixtureStep> ProductSteps::next(const MixtureState& state, const Deadline& deadline) {
  MixtureStep step;
  LEARNDOCK_TRY(const bool complete, complete_columns(state, deadline));
  step.cut = !complete;
  if (step.cut) return step;
  std::vector<double> factors(table_.columns(), 0.0);
  factors[0] = 1;
  for (std::size_t i = 0; i < state.size(); ++i) factors[column_of(state, i)] = -state.weights()[i];
  const ProductTable::Sums sums = table_.sums(factors);
  LEARNDOCK_CHECK(find_most(state, sums, step));
  LEARNDOCK_TRY(step.next, best_refit(state, sums));
  return step;
}

Result<bool> ProductSteps::complete_columns(const MixtureState& state, const Deadline& deadline) {
  if (table_.columns() == 0) {
    LEARNDOCK_TRY(const bool added, table_.add(state.query(), deadline));
    if (!added) return false;
  }
  for (std::size_t i = 0; i < state.size(); ++i) {
    const std::pair member{state.hit(i).part, state.hit(i).item};
    if (columns_.contains(member)) continue;
    LEARNDOCK_TRY(const bool added, table_.add(state.view(i), deadline));
    if (!added) return false;
    columns_[member] = table_.columns() - 1;
  }
  return true;
}

std::size_t ProductSteps::column_of(const MixtureState& state, std::size_t member) const {
  return columns_.at({state.hit(member).part, state.hit(member).item});
}

double ProductSteps::self(std::size_t row) const {
  const auto [part, item] = table_.rows()[row];
  return parts_[part].part->self(item);
}

Result<void> ProductSteps::find_most(const MixtureState& state, const ProductTable::Sums& sums,
                                     MixtureStep& step) const {
  double floor = -std::numeric_limits<double>::infinity();
  for (std::size_t row = 0; row < sums.values.size(); ++row)
    floor = std::max(floor, sums.values[row] - sums.errors[row]);
  Rows close;
  for (std::size_t row = 0; row < sums.values.size(); ++row)
    if (sums.values[row] + sums.errors[row] >= floor) close.push_back(row);
  step.most = -std::numeric_limits<double>::infinity();
  if (close.size() > kMostCompared) {
    std::nth_element(close.begin(), close.begin() + kMostCompared, close.end(),
                     [&](std::size_t a, std::size_t b) { return sums.values[a] > sums.values[b]; });
    for (std::size_t i = kMostCompared; i < close.size(); ++i)
      step.most = std::max(step.most, sums.values[close[i]] + sums.errors[close[i]]);
    close.resize(kMostCompared);
  }
  std::vector<double> memory;
  for (const std::size_t row : close) {
    const auto [part, item] = table_.rows()[row];
    LEARNDOCK_TRY(const compute::ReducedSetView set, parts_[part].part->set(item, memory));
    step.most = std::max(step.most, state.alignment(set));
  }
  step.evaluated = close.size();
  return {};
}

/// Rows in descending order of what they may gain are refitted while one may still gain more than the best.
Result<std::optional<CertifiedHit>> ProductSteps::best_refit(const MixtureState& state,
                                                             const ProductTable::Sums& sums) const {
  LEARNDOCK_TRY(const std::vector<double> gain, gains(state, sums));
  Rows promising;
  for (std::size_t row = 0; row < gain.size(); ++row)
    if (gain[row] > 0) promising.push_back(row);
  const auto id = [&](std::size_t row) {
    const auto [part, item] = table_.rows()[row];
    return parts_[part].part->id(item);
  };
  const auto more = [&](std::size_t a, std::size_t b) {
    return gain[a] != gain[b] ? gain[a] > gain[b] : id(a) < id(b);
  };
  const std::size_t tried = std::min(kMostRefits, promising.size());
  std::partial_sort(promising.begin(), promising.begin() + static_cast<std::ptrdiff_t>(tried),
                    promising.end(), more);
  std::optional<CertifiedHit> best;
  double least = state.mmd_squared();
  for (std::size_t i = 0; i < tried; ++i) {
    const auto [part, item] = table_.rows()[promising[i]];
    if (state.has({part, item, 0})) continue;
    if (state.mmd_squared() - gain[promising[i]] >= least) break;
    const auto value = refit_with(state, promising[i]);
    if (!value || !(*value < least)) continue;
    least = *value;
    best = CertifiedHit{part, item, 0};
  }
  return best;
}

/// The most that adding a row can lower MMD^2: G^2 / h^2, with G by how much it is aligned better than the
/// mixture and h its distance from the members' affine span; zero where G <= 0.
Result<std::vector<double>> ProductSteps::gains(const MixtureState& state,
                                                const ProductTable::Sums& sums) const {
  const std::size_t rows = sums.values.size();
  LEARNDOCK_TRY(const Matrix<double> white, whitening(state.gram()));
  const double own = state.own_alignment();
  std::vector<double> gain(rows);
  compute::run_tasks((rows + kBlockRows - 1) / kBlockRows, options_.threads, [&](std::size_t block) {
    const std::size_t first = block * kBlockRows, count = std::min(kBlockRows, rows - first);
    const std::vector<double> distances = squared_distances(state, white.view(), first, count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = first + i;
      const double better = sums.values[row] - own;
      if (better > 0) gain[row] = better * better / std::max(distances[i], kInSpan * self(row));
    }
  });
  return gain;
}

/// Of rows from the members' affine span: |r|^2 - |W b|^2, with r a row's difference from the first member
/// and b its products with the other members' differences.
std::vector<double> ProductSteps::squared_distances(const MixtureState& state, MatrixView<const double> white,
                                                    std::size_t first, std::size_t count) const {
  const Matrix<double>& gram = state.gram();
  const auto column = [&](std::size_t member) {
    return table_.values(column_of(state, member)).subspan(first, count);
  };
  const std::span<const float> with_first = column(0);
  std::vector<double> distances(count), sum(count);
  for (std::size_t i = 0; i < count; ++i)
    distances[i] = self(first + i) - 2 * static_cast<double>(with_first[i]) + gram(0, 0);
  Matrix<double> products(white.rows(), count);
  for (std::size_t m = 0; m < white.rows(); ++m) {
    const std::span<const float> with_member = column(m + 1);
    const double offset = gram(0, 0) - gram(m + 1, 0);
    for (std::size_t i = 0; i < count; ++i)
      products(m, i) = static_cast<double>(with_member[i]) - static_cast<double>(with_first[i]) + offset;
  }
  for (std::size_t e = 0; e < white.rows(); ++e) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::size_t m = 0; m < white.rows(); ++m)
      for (std::size_t i = 0; i < count; ++i) sum[i] += white(e, m) * products(m, i);
    for (std::size_t i = 0; i < count; ++i) distances[i] -= sum[i] * sum[i];
  }
  return distances;
}

/// MMD^2 of the mixture with one more learnware, all weights fitted again.
std::optional<double> ProductSteps::refit_with(const MixtureState& state, std::size_t row) const {
  const std::size_t k = state.size();
  Matrix<double> gram(k + 1, k + 1);
  std::vector<double> linear(state.linear().begin(), state.linear().end());
  linear.push_back(static_cast<double>(table_.values(0)[row]));
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) gram(i, j) = state.gram()(i, j);
    gram(i, k) = gram(k, i) = static_cast<double>(table_.values(column_of(state, i))[row]);
  }
  gram(k, k) = self(row);
  const auto solution = solve_simplex_qp(gram.view(), linear);
  if (!solution) return std::nullopt;
  return state.user_self() + 2 * solution->objective;
}

}  // namespace learndock::index
