#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace learndock::trial {

enum class MarketKind : std::uint8_t {
  clustered,        ///< perturbed copies of some tasks, each a mixture of three Gaussians
  near_duplicates,  ///< the same with hardly any perturbation: many almost equal distances
  equal_distances   ///< all learnwares equally far from every query: no bound can prune
};

/// The properties of a synthetic market. Features are standardised: within a task each has about unit
/// variance.
struct SyntheticOptions {
  MarketKind kind = MarketKind::clustered;
  std::size_t tasks = 2000;
  std::size_t dimension = 20;
  std::size_t points = 20;  ///< of each reduced set
  double gamma = 0;         ///< 0: 1 / (2 dimension), the median heuristic's size
  std::uint64_t seed = 1;

  [[nodiscard]] double used_gamma() const { return gamma > 0 ? gamma : 0.5 / static_cast<double>(dimension); }
};

/// A reduced set that owns its memory: k-means centroids of a sample of the learnware's mixture with their
/// shares as weights. Points are whole floats, so that they are stored in four bytes without loss.
struct OwnedSet {
  Matrix<double> points;
  std::vector<double> weights;
  double gamma = 0;

  [[nodiscard]] compute::ReducedSetView view() const {
    return {points.values().data(), weights.data(), points.rows(), points.cols(), {gamma}};
  }
};

/// Reduced sets drawn by number: the same number gives the same set, so that nothing is kept in memory.
/// Numbers from N on serve as queries of a market of N.
/// @threads  safe
class SyntheticMarket {
 public:
  explicit SyntheticMarket(const SyntheticOptions& options);
  [[nodiscard]] OwnedSet make(std::uint64_t number) const;
  [[nodiscard]] const SyntheticOptions& options() const { return options_; }

 private:
  struct Task {
    Matrix<double> means;        ///< 3 x d
    std::vector<double> widths;  ///< [3]
    std::vector<double> shares;  ///< [3] cumulative
  };
  SyntheticOptions options_;
  std::vector<Task> tasks_;
};

}  // namespace learndock::trial
