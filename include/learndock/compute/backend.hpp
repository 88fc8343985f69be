#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace learndock::compute {

/// A weighted point set sum_i weights[i] * phi(points[i]) under the kernel k(x, y) = exp(-gamma * |x - y|^2).
/// Non-owning. `points` is count x dimension, row-major.
struct ReducedSetView {
  const double* points = nullptr;
  const double* weights = nullptr;
  std::size_t count = 0;
  std::size_t dimension = 0;
  double gamma = 0;
};

/// Sums over the rows x of a data matrix against each point z_i, as RKME generation needs them.
struct DataSums {
  std::span<double> kernel;         ///< [K] sum_x k(z_i, x)
  MatrixView<double> kernel_point;  ///< K x d: sum_x k(z_i, x) * x; an empty view skips it
};

/// The batched operations all kernel-embedding work is made of. Calls are coarse (thousands of sets), so the
/// virtual call costs nothing. Every operation of every backend is compared with `cpu_reference` by
/// tests/compute.
///
/// @threads  all operations may be called concurrently
/// @errors   invalid_argument on mismatched shapes; unavailable when a device is lost
class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// out[i] = <mu_sets[i], mu_query> under sets[i].gamma (the query's own gamma is not read).
  /// Sets may differ in count but share the query's dimension.
  [[nodiscard]] virtual Result<void> inner_products(const ReducedSetView& query,
                                                    std::span<const ReducedSetView> sets,
                                                    std::span<double> out) const = 0;

  /// out[i] = <mu_sets[i], mu_sets[i]>. Sets may differ in count and dimension.
  [[nodiscard]] virtual Result<void> self_inner_products(std::span<const ReducedSetView> sets,
                                                         std::span<double> out) const = 0;

  /// The kernel matrix k(points_i, points_j), K x K, symmetric.
  [[nodiscard]] virtual Result<void> gram(MatrixView<const double> points, double gamma,
                                          MatrixView<double> out) const = 0;

  /// Sums over all data rows; nothing of size rows x K is held.
  [[nodiscard]] virtual Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data,
                                               double gamma, const DataSums& out) const = 0;

  /// labels[x] = index of the nearest centre in Euclidean distance (the lowest index among equals).
  [[nodiscard]] virtual Result<void> nearest_centres(MatrixView<const float> data,
                                                     MatrixView<const float> centres,
                                                     std::span<std::uint32_t> labels) const = 0;
};

}  // namespace learndock::compute
