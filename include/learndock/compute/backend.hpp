#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/packed_sets.hpp"
#include "learndock/compute/scan_codes.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace learndock::compute {

/// A weighted point set sum_i weights[i] * phi(points[i]) under `kernel`. Non-owning. `points` is count x
/// dimension, row-major.
struct ReducedSetView {
  const double* points = nullptr;
  const double* weights = nullptr;
  std::size_t count = 0;
  std::size_t dimension = 0;
  Kernel kernel = {};

  ReducedSetView() = default;
  ReducedSetView(const double* points_, const double* weights_, std::size_t count_, std::size_t dimension_,
                 const Kernel& kernel_)
      : points(points_), weights(weights_), count(count_), dimension(dimension_), kernel(kernel_) {}

  /// The same set under another kernel.
  [[nodiscard]] ReducedSetView under(const Kernel& other) const {
    return {points, weights, count, dimension, other};
  }
};

/// Sums over the rows x of a data matrix against each point z_i, as RKME generation needs them: the kernel k
/// for the linear term, its slope h for the gradient. With one scale h is k.
struct DataSums {
  std::span<double> kernel;        ///< [K] sum_x k(z_i, x)
  MatrixView<double> slope_point;  ///< K x d: sum_x h(z_i, x) * x; an empty view skips it
  std::span<double> slope = {};    ///< [K] sum_x h(z_i, x); an empty span skips it
};

/// From a reduced set to coordinates in the space's subspace: a = map * h, h_s = sum_i b_i k(landmark_s,
/// z_i).
struct Projection {
  MatrixView<const double> landmarks;  ///< S x d
  MatrixView<const double> map;        ///< D x S
  Kernel kernel;
};

/// One data set's share of a batched reduction step.
struct ReductionJob {
  MatrixView<const double> points;  ///< K x d
  MatrixView<const float> data;     ///< n x d
  Kernel kernel;
  DataSums out;
};

/// A row's nearest centre, and by how much less than the next centre's its distance was, less what the
/// centres have moved since.
struct KmeansRow {
  std::uint32_t label = 0;
  float gap = 0;
};

/// One data set's round of k-means.
struct KmeansJob {
  MatrixView<const float> data;     ///< n x d
  MatrixView<const float> centres;  ///< K x d
  MatrixView<double> sums;          ///< K x d out: of the rows nearest to each centre
  std::span<std::uint64_t> counts;  ///< [K] out: of these rows
  /// [n], or empty. With them a backend may leave out rows whose nearest centre cannot have changed since the
  /// round before; then `previous` are that round's centres, and rows, sums and counts are as it left them.
  std::span<KmeansRow> rows;
  MatrixView<const float> previous;  ///< K x d; empty in the first round
};

/// Reduced sets or codes where a backend computes on them: the caller's memory for a CPU, a copy on a device.
/// Opened by the backend that uses it; the caller's memory must outlive it.
class HeldSets {
 public:
  virtual ~HeldSets() = default;
  [[nodiscard]] virtual const PackedSetsView& view() const = 0;
};
class HeldCodes {
 public:
  virtual ~HeldCodes() = default;
  [[nodiscard]] virtual const ScanCodesView& view() const = 0;
};

/// The batched operations all kernel-embedding work is made of. Calls are coarse (thousands of sets), so the
/// virtual call costs nothing. Every operation of every backend is compared with `cpu_reference` by
/// tests/compute.
///
/// @threads  all operations may be called concurrently
/// @errors   invalid_argument on mismatched shapes, on kernels whose gamma is not positive and finite, and
/// from the fast
///           path on what fp32 cannot hold; unavailable when a device is lost
class Backend : public std::enable_shared_from_this<Backend> {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Whether it computes elsewhere than on this machine's processors: many at once cost little, each call
  /// something.
  [[nodiscard]] virtual bool on_device() const { return false; }

  /// out[i] = <mu_sets[i], mu_query> under sets[i]'s kernel (the query's own is not read).
  /// Sets may differ in count but share the query's dimension.
  [[nodiscard]] virtual Result<void> inner_products(const ReducedSetView& query,
                                                    std::span<const ReducedSetView> sets,
                                                    std::span<double> out) const = 0;

  /// out[i] = <mu_sets[i], mu_sets[i]>. Sets may differ in count and dimension.
  [[nodiscard]] virtual Result<void> self_inner_products(std::span<const ReducedSetView> sets,
                                                         std::span<double> out) const = 0;

  /// The kernel matrix k(points_i, points_j), K x K, symmetric.
  [[nodiscard]] virtual Result<void> gram(MatrixView<const double> points, const Kernel& kernel,
                                          MatrixView<double> out) const = 0;

  /// Row i of `out` = the D coordinates of sets[i] under the projection's kernel (the sets' own are not
  /// read). In fp64 by direct difference: each h_s is within direct_error * sum|b| of the exact one, and its
  /// product with the map is summed in fp64. The certificate of a space counts on both (docs/proofs.md, the
  /// number E).
  /// @cost S * m * (d differences and multiply-adds, one exponential) for a set of m points
  [[nodiscard]] virtual Result<void> project(std::span<const ReducedSetView> sets,
                                             const Projection& projection, MatrixView<double> out) const = 0;

  /// Sums over all data rows; nothing of size rows x K is held.
  [[nodiscard]] virtual Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data,
                                               const Kernel& kernel, const DataSums& out) const = 0;

  /// A round of k-means for many data sets at once: of the rows nearest to each centre (in Euclidean
  /// distance, the lowest index among equals) the sum and the number, without a label for every row.
  [[nodiscard]] virtual Result<void> kmeans_step(std::span<const KmeansJob> jobs) const = 0;

  // The fast path, in fp32 with an a priori error (cross_term_error): for choosing candidates among very
  // many.

  /// @errors device_memory when a device has no room; the caller then holds less at a time, or uses the CPU
  [[nodiscard]] virtual Result<std::shared_ptr<const HeldSets>> hold(const PackedSetsView& sets) const = 0;
  [[nodiscard]] virtual Result<std::shared_ptr<const HeldCodes>> hold(const ScanCodesView& codes) const = 0;

  /// out(q, i) = <mu_sets[i], mu_queries[q]> under the sets' kernel (the queries' own are not read).
  /// @cost sum over queries and sets of m * m_q * (d multiply-adds and one exponential)
  [[nodiscard]] virtual Result<void> cross_terms(const HeldSets& sets,
                                                 std::span<const ReducedSetView> queries,
                                                 MatrixView<double> out) const = 0;

  /// Row q of `out`: the out.cols() allowed items with the smallest lower bounds, ascending, ties by item;
  /// counts[q] says how many there are.
  [[nodiscard]] virtual Result<void> scan_smallest(const HeldCodes& codes, const ScanJob& job,
                                                   MatrixView<ScanHit> out,
                                                   std::span<std::size_t> counts) const = 0;
  /// Row q of `out`: every allowed item whose lower bound is at most thresholds[q], by item (in any order for
  /// a job with ranges), up to out.cols()
  /// of them; counts[q] says how many there are, so more than out.cols() means that some were left out.
  [[nodiscard]] virtual Result<void> scan_within(const HeldCodes& codes, const ScanJob& job,
                                                 std::span<const float> thresholds, MatrixView<ScanHit> out,
                                                 std::span<std::size_t> counts) const = 0;

  /// data_sums for many data sets at once, kernel values in fp32, sums in fp64.
  [[nodiscard]] virtual Result<void> reduction_sums(std::span<const ReductionJob> jobs) const = 0;
};

}  // namespace learndock::compute
