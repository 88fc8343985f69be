#include "engine/mixture/refit.hpp"

#include "base/parallel.hpp"
#include "engine/space/subspace_fit.hpp"
#include "numeric/simplex_qp.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::engine {
namespace {

/// The most learnwares compared in fp64 because rounding does not tell their alignments apart.
constexpr std::size_t kMostCompared = 512;
/// The most refits tried in one step; the most promising come first.
constexpr std::size_t kMostRefits = 64;
constexpr std::size_t kBlockRows = 2048;
/// A learnware this near the members' span, per <l, l>, is in it as far as fp32 products can tell.
constexpr double kInSpan = 1e-4;
/// Directions of the members' span with at most this share of the longest are rounding.
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

/// The mixtures that adding a row would make.
class Refits {
 public:
  Refits(const MixtureState& state, const KnownRows& known) : state_(state), known_(known) {}

  /// The most that adding a row can lower MMD^2: G^2 / h^2, with G by how much it is aligned better than the
  /// mixture and h its distance from the members' affine span; zero where G <= 0.
  [[nodiscard]] Result<std::vector<double>> gains(unsigned threads) const {
    const std::size_t rows = known_.rows.size();
    LEARNDOCK_TRY(const Matrix<double> white, whitening(state_.gram()));
    const double own = state_.own_alignment();
    std::vector<double> gain(rows);
    run_tasks((rows + kBlockRows - 1) / kBlockRows, threads, [&](std::size_t block) {
      const std::size_t first = block * kBlockRows, count = std::min(kBlockRows, rows - first);
      const std::vector<double> distances = squared_distances(white.view(), first, count);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = first + i;
        const double better = known_.aligned[row] - own;
        if (better > 0)
          gain[row] = better * better / std::max(distances[i], kInSpan * self(TableRow::at(row)));
      }
    });
    return gain;
  }

  /// MMD^2 of the mixture with one more learnware, all weights fitted again.
  [[nodiscard]] std::optional<double> value_with(TableRow row) const {
    const std::size_t k = state_.size();
    Matrix<double> gram(k + 1, k + 1);
    std::vector<double> linear(state_.linear().begin(), state_.linear().end());
    linear.push_back(static_cast<double>(known_.with_user[row.index()]));
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) gram(i, j) = state_.gram()(i, j);
      gram(i, k) = gram(k, i) = static_cast<double>(known_.with_members[i][row.index()]);
    }
    gram(k, k) = self(row);
    const auto solution = solve_simplex_qp(gram.view(), linear);
    if (!solution) return std::nullopt;
    return state_.user_self() + 2 * solution->objective;
  }

 private:
  [[nodiscard]] double self(TableRow row) const {
    const auto [part, item] = known_.rows[row.index()];
    return state_.parts()[part].part->self(item);
  }

  /// Squared distances of rows from the members' affine span: |r|^2 - |W b|^2, with r a row's difference from
  /// the first member and b its products with the other members' differences.
  [[nodiscard]] std::vector<double> squared_distances(MatrixView<const double> white, std::size_t first,
                                                      std::size_t count) const {
    const Matrix<double>& gram = state_.gram();
    const std::span<const float> with_first = known_.with_members[0].subspan(first, count);
    std::vector<double> distances(count), sum(count);
    for (std::size_t i = 0; i < count; ++i)
      distances[i] = self(TableRow::at(first + i)) - 2 * static_cast<double>(with_first[i]) + gram(0, 0);
    Matrix<double> products(white.rows(), count);
    for (std::size_t m = 0; m < white.rows(); ++m) {
      const std::span<const float> with_member = known_.with_members[m + 1].subspan(first, count);
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

  const MixtureState& state_;
  const KnownRows& known_;
};

}  // namespace

Result<void> find_most(const MixtureState& state, const KnownRows& known, NextMember& step) {
  double floor = -std::numeric_limits<double>::infinity();
  for (std::size_t row = 0; row < known.rows.size(); ++row)
    floor = std::max(floor, known.aligned[row] - known.errors[row]);
  std::vector<TableRow> close;
  for (std::size_t row = 0; row < known.rows.size(); ++row)
    if (known.aligned[row] + known.errors[row] >= floor) close.push_back(TableRow::at(row));
  step.most = -std::numeric_limits<double>::infinity();
  if (close.size() > kMostCompared) {
    std::nth_element(close.begin(), close.begin() + kMostCompared, close.end(), [&](TableRow a, TableRow b) {
      return known.aligned[a.index()] > known.aligned[b.index()];
    });
    for (std::size_t i = kMostCompared; i < close.size(); ++i)
      step.most = std::max(step.most, known.aligned[close[i].index()] + known.errors[close[i].index()]);
    close.resize(kMostCompared);
  }
  std::vector<double> memory;
  for (const TableRow row : close) {
    const auto [part, item] = known.rows[row.index()];
    LEARNDOCK_TRY(const compute::ReducedSetView set, state.parts()[part].part->set(item, memory));
    LEARNDOCK_TRY(const double aligned, state.alignment(set));
    step.seen = std::max(step.seen, aligned);
  }
  step.most = std::max(step.most, step.seen);
  step.evaluated += close.size();
  return {};
}

Result<std::optional<CertifiedHit>> best_refit(const MixtureState& state, const KnownRows& known,
                                               unsigned threads) {
  const Refits refits(state, known);
  LEARNDOCK_TRY(const std::vector<double> gain, refits.gains(threads));
  std::vector<TableRow> promising;
  for (std::size_t row = 0; row < gain.size(); ++row)
    if (gain[row] > 0) promising.push_back(TableRow::at(row));
  const auto id = [&](TableRow row) {
    const auto [part, item] = known.rows[row.index()];
    return state.parts()[part].part->id(item);
  };
  const auto more = [&](TableRow a, TableRow b) {
    const double of_a = gain[a.index()], of_b = gain[b.index()];
    return of_a != of_b ? of_a > of_b : id(a) < id(b);
  };
  const std::size_t tried = std::min(kMostRefits, promising.size());
  std::partial_sort(promising.begin(), promising.begin() + static_cast<std::ptrdiff_t>(tried),
                    promising.end(), more);
  std::optional<CertifiedHit> best;
  double least = state.mmd_squared();
  for (std::size_t i = 0; i < tried; ++i) {
    const auto [part, item] = known.rows[promising[i].index()];
    if (state.has({part, item, 0})) continue;
    if (state.mmd_squared() - gain[promising[i].index()] >= least) break;
    const auto value = refits.value_with(promising[i]);
    if (!value || !(*value < least)) continue;
    least = *value;
    best = CertifiedHit{part, item, 0};
  }
  return best;
}

}  // namespace learndock::engine
