#include "compute/cpu/cpu_backend.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "compute/checks.hpp"
#include "compute/cpu/cpu_kernels.hpp"
#include "compute/cpu/cpu_kmeans.hpp"
#include "compute/cpu/cpu_packed.hpp"
#include "compute/cpu/cpu_reduction.hpp"
#include "compute/cpu/cpu_scan.hpp"
#include "compute/cpu/wide_data.hpp"
#include "compute/data_sums.hpp"
#include "compute/direct_sums.hpp"
#include "compute/host_backend.hpp"
#include "numeric/sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace learndock::compute {
namespace {

/// Rows gathered into one product: large enough for BLAS, small enough that rows x 100 doubles stay in the L2
/// cache.
constexpr std::size_t kGatheredRows = 512;
/// Products held at once by one thread: 2^17 doubles are 1 MiB.
constexpr std::size_t kTileValues = std::size_t{1} << 17;
/// Columns of such a tile at most: BLAS copies them for every tile, which only many rows repay.
constexpr std::size_t kTileColumns = 1024;
/// Data rows per pass of data_sums at most.
constexpr std::size_t kDataRows = 1024;
/// Values held in fp64 at once by one thread (16 MiB), so that a few very wide rows are not a whole table
/// once more.
constexpr std::size_t kHeldValues = std::size_t{1} << 21;
/// Values of all lanes' partial sums together: 2^23 doubles are 64 MiB.
constexpr std::size_t kMostLaneValues = std::size_t{1} << 23;
/// Partial sums are kept per lane and added in lane order, so the thread count cannot change the result.
constexpr std::size_t kLanes = 16;

/// As many as usual, fewer when they are very wide.
std::size_t rows_held(std::size_t usual, std::size_t d) {
  return std::clamp<std::size_t>(kHeldValues / std::max<std::size_t>(d, 1), 1, usual);
}

/// Lanes that have rows and whose sums are affordable. It does not depend on the number of threads.
std::size_t lanes_for(std::size_t rows, std::size_t k, std::size_t d) {
  const std::size_t passes = rows / rows_held(kDataRows, d) + 1;
  const std::size_t affordable = kMostLaneValues / std::max<std::size_t>(1, k * d);
  return std::clamp<std::size_t>(std::min(passes, affordable), 1, kLanes);
}

template <class T>
std::vector<double> mean_of_rows(const T* rows, std::size_t count, std::size_t d) {
  std::vector<double> mean(d, 0.0);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < d; ++k) mean[k] += static_cast<double>(rows[i * d + k]);
  for (double& value : mean) value /= static_cast<double>(std::max<std::size_t>(count, 1));
  return mean;
}

/// Rows minus a centre, with their squared norms.
struct CentredRows {
  std::vector<double> rows;
  std::vector<double> norms;
  std::size_t d = 0;

  void assign(std::size_t dimension) {
    d = dimension;
    rows.clear();
    norms.clear();
  }
  template <class T>
  void append(const T* source, std::size_t count, const std::vector<double>& centre) {
    const std::size_t first = rows.size();
    rows.resize(first + count * d);
    double* target = rows.data() + first;
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t k = 0; k < d; ++k)
        target[i * d + k] = static_cast<double>(source[i * d + k]) - centre[k];
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<const double> row(target + i * d, d);
      norms.push_back(numeric::dot(row, row));
    }
  }
  [[nodiscard]] std::size_t count() const { return norms.size(); }
};

/// What one lane of data_sums adds up. Points are centred.
struct LaneSums {
  std::vector<double> kernel, slope, slope_points;

  LaneSums(const CentredRows& z, bool with_points, bool with_slopes)
      : kernel(z.count(), 0.0),
        slope(with_slopes ? z.count() : 0, 0.0),
        slope_points(with_points ? z.count() * z.d : 0, 0.0) {}
  void add(const LaneSums& other) {
    for (std::size_t i = 0; i < kernel.size(); ++i) kernel[i] += other.kernel[i];
    for (std::size_t i = 0; i < slope.size(); ++i) slope[i] += other.slope[i];
    for (std::size_t i = 0; i < other.slope_points.size(); ++i) slope_points[i] += other.slope_points[i];
  }
  [[nodiscard]] std::span<const double> slopes() const { return slope.empty() ? kernel : slope; }
};

struct LaneOf {
  std::size_t number, of;
};

class CpuBackend final : public HostBackend {
 public:
  explicit CpuBackend(unsigned threads) : threads_(threads) {}
  std::string_view name() const override { return "cpu"; }

  Result<void> inner_products(const ReducedSetView& query, std::span<const ReducedSetView> sets,
                              std::span<double> out) const override {
    LEARNDOCK_CHECK(check_inner_products(query, sets, out));
    const std::vector<double> centre = mean_of_rows(query.points, query.count, query.dimension);
    CentredRows columns;
    columns.assign(query.dimension);
    columns.append(query.points, query.count, centre);
    const std::vector<std::size_t> blocks = block_starts(sets);
    run_tasks(blocks.size() - 1, threads_, [&](std::size_t b) {
      multiply_block(sets.subspan(blocks[b], blocks[b + 1] - blocks[b]), columns, query, centre,
                     out.subspan(blocks[b], blocks[b + 1] - blocks[b]));
    });
    return {};
  }

  Result<void> self_inner_products(std::span<const ReducedSetView> sets,
                                   std::span<double> out) const override {
    LEARNDOCK_CHECK(check_self_inner_products(sets, out));
    run_tasks(sets.size(), threads_, [&](std::size_t i) {
      const ReducedSetView& set = sets[i];
      const std::vector<double> centre = mean_of_rows(set.points, set.count, set.dimension);
      CentredRows columns;
      columns.assign(set.dimension);
      columns.append(set.points, set.count, centre);
      multiply_block(sets.subspan(i, 1), columns, set, centre, out.subspan(i, 1));
    });
    return {};
  }

  Result<void> gram(MatrixView<const double> points, const Kernel& kernel,
                    MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_gram(points, kernel, out));
    if (points.rows() == 0) return {};
    CentredRows rows;
    rows.assign(points.cols());
    rows.append(points.data(), points.rows(), mean_of_rows(points.data(), points.rows(), points.cols()));
    const std::size_t tasks = (points.rows() + kGatheredRows - 1) / kGatheredRows;
    run_tasks(tasks, threads_, [&](std::size_t task) {
      const std::size_t first = task * kGatheredRows, count = std::min(kGatheredRows, points.rows() - first);
      multiply_transposed(rows.rows.data() + first * rows.d, count, rows.rows.data(), rows.count(), rows.d,
                          &out(first, 0));
      std::vector<double> sums(count);
      safe_row_sums({&out(first, 0), count, rows.count(), rows.norms.data() + first, rows.norms.data(),
                     nullptr, kernel, Keep::kernel},
                    points.row(first).data(), points.data(), rows.d, sums.data());
    });
    // k(z, z) is one by definition; the product form leaves rounding there.
    for (std::size_t i = 0; i < points.rows(); ++i) out(i, i) = 1;
    return {};
  }

  Result<void> project(std::span<const ReducedSetView> sets, const Projection& projection,
                       MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_project(sets, projection, out));
    direct_project(DirectPoints(projection.landmarks), projection.map, projection.kernel, sets, out,
                   threads_);
    return {};
  }

  Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data, const Kernel& kernel,
                         const DataSums& out) const override {
    LEARNDOCK_CHECK(check_data_sums(points, data, kernel, out));
    const std::vector<double> centre = median_row(points);
    CentredRows z;
    z.assign(points.cols());
    z.append(points.data(), points.rows(), centre);
    const LaneSums nothing(z, out.slope_point.data() != nullptr, own_slopes(kernel, out));
    std::vector<LaneSums> lanes(lanes_for(data.rows(), z.count(), z.d), nothing);
    run_tasks(lanes.size(), threads_, [&](std::size_t lane) {
      add_lane(z, points, data, kernel, centre, {lane, lanes.size()}, lanes[lane]);
    });
    LaneSums total = nothing;
    for (const LaneSums& lane : lanes) total.add(lane);
    clear(out);
    std::copy(total.kernel.begin(), total.kernel.end(), out.kernel.begin());
    std::copy(total.slope_points.begin(), total.slope_points.end(), out.slope_point.data());
    complete(total.slopes(), centre, out);
    return {};
  }

  Result<void> kmeans_step(std::span<const KmeansJob> jobs) const override {
    LEARNDOCK_CHECK(check_kmeans_step(jobs));
    cpu_kmeans_step(jobs, threads_);
    return {};
  }

  Result<void> cross_terms(const HeldSets& sets, std::span<const ReducedSetView> queries,
                           MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_cross_terms(sets.view(), queries, out));
    cpu_cross_terms(sets.view(), queries, out, threads_);
    return {};
  }
  Result<void> scan_smallest(const HeldCodes& codes, const ScanJob& job, MatrixView<ScanHit> out,
                             std::span<std::size_t> counts) const override {
    LEARNDOCK_CHECK(check_scan(codes.view(), job, out, counts));
    cpu_scan_smallest(codes.view(), job, out, counts, threads_);
    return {};
  }
  Result<void> scan_within(const HeldCodes& codes, const ScanJob& job, std::span<const float> thresholds,
                           MatrixView<ScanHit> out, std::span<std::size_t> counts) const override {
    LEARNDOCK_CHECK(check_scan_within(codes.view(), job, thresholds, out, counts));
    cpu_scan_within(codes.view(), job, thresholds, out, counts, threads_);
    return {};
  }
  Result<void> reduction_sums(std::span<const ReductionJob> jobs) const override {
    LEARNDOCK_CHECK(check_reduction_sums(jobs));
    return cpu_reduction_sums(jobs, threads_);
  }

 private:
  /// Consecutive sets are gathered until kGatheredRows rows, fewer of wide ones; returns the first set of
  /// each block, and the end.
  static std::vector<std::size_t> block_starts(std::span<const ReducedSetView> sets) {
    std::vector<std::size_t> starts;
    const std::size_t most = rows_held(kGatheredRows, sets.empty() ? 1 : sets[0].dimension);
    std::size_t rows = most;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (rows + sets[i].count > most) {
        starts.push_back(i);
        rows = 0;
      }
      rows += sets[i].count;
    }
    starts.push_back(sets.size());
    return starts;
  }

  /// out[i] = sum over the rows of set i, weighted, of their kernel sums against the columns, which are the
  /// query's points. Products are formed in tiles of bounded size, so a huge set costs time but not memory.
  static void multiply_block(std::span<const ReducedSetView> sets, const CentredRows& columns,
                             const ReducedSetView& query, const std::vector<double>& centre,
                             std::span<double> out) {
    thread_local CentredRows rows;
    thread_local std::vector<double> products, sums;
    rows.assign(columns.d);
    for (const ReducedSetView& set : sets) rows.append(set.points, set.count, centre);
    std::fill(out.begin(), out.end(), 0.0);
    if (columns.count() == 0 || rows.count() == 0) return;
    const std::size_t tile_columns = std::min(kTileColumns, columns.count());
    const std::size_t tile_rows = kTileValues / tile_columns;
    products.resize(std::min(tile_rows, rows.count()) * tile_columns);
    sums.resize(std::min(tile_rows, rows.count()));
    std::size_t first_set = 0, first_set_row = 0;
    for (std::size_t first = 0; first < rows.count(); first += tile_rows) {
      const std::size_t last = std::min(first + tile_rows, rows.count());
      while (first >= first_set_row + sets[first_set].count) first_set_row += sets[first_set++].count;
      for (std::size_t column = 0; column < columns.count(); column += tile_columns) {
        const std::size_t width = std::min(tile_columns, columns.count() - column);
        const double* const others = columns.rows.data() + column * columns.d;
        multiply_transposed(rows.rows.data() + first * columns.d, last - first, others, width, columns.d,
                            products.data());
        std::size_t set = first_set, set_row = first_set_row;
        for (std::size_t row = first; row < last;) {
          while (row >= set_row + sets[set].count) set_row += sets[set++].count;
          const std::size_t end = std::min(last, set_row + sets[set].count);
          safe_row_sums(
              {products.data() + (row - first) * width, end - row, width, rows.norms.data() + row,
               columns.norms.data() + column, query.weights + column, sets[set].kernel, Keep::nothing},
              sets[set].points + (row - set_row) * columns.d, query.points + column * columns.d, columns.d,
              sums.data());
          for (std::size_t r = row; r < end; ++r) out[set] += sets[set].weights[r - set_row] * sums[r - row];
          row = end;
        }
      }
    }
  }

  static void add_lane(const CentredRows& z, MatrixView<const double> points, MatrixView<const float> data,
                       const Kernel& kernel, const std::vector<double>& centre, LaneOf lane, LaneSums& sums) {
    CentredRows x;
    LaneSums part(z, false, !sums.slope.empty());
    const bool with_points = !sums.slope_points.empty();
    const Keep keep = !with_points ? Keep::nothing : sums.slope.empty() ? Keep::kernel : Keep::slope;
    std::vector<double> products, originals;
    const std::size_t pass = rows_held(kDataRows, z.d);
    for (std::size_t first = lane.number * pass; first < data.rows(); first += lane.of * pass) {
      const std::size_t count = std::min(pass, data.rows() - first);
      x.assign(z.d);
      x.append(data.row(first).data(), count, centre);
      products.resize(z.count() * count);
      multiply_transposed(z.rows.data(), z.count(), x.rows.data(), count, z.d, products.data());
      const KernelBlock block{
          products.data(), z.count(),      count,
          z.norms.data(),  x.norms.data(), nullptr,
          kernel,          keep,           part.slope.empty() ? nullptr : part.slope.data()};
      if (!products_suffice(block, z.d))
        originals.assign(data.row(first).data(), data.row(first).data() + count * z.d);
      safe_row_sums(block, points.data(), originals.data(), z.d, part.kernel.data());
      sums.add(part);
      if (with_points)
        add_product(products.data(), z.count(), x.rows.data(), z.d, count, sums.slope_points.data());
    }
  }

  unsigned threads_;
};

}  // namespace

std::shared_ptr<const Backend> make_cpu_backend(unsigned threads) {
  use_one_blas_thread();
  return std::make_shared<CpuBackend>(threads == 0 ? usable_cores() : threads);
}

std::string cpu_backend_details(unsigned threads) {
  return fmt::format("{}, OpenBLAS {}, {} threads", kernel_instruction_set(), blas_core(),
                     threads == 0 ? usable_cores() : threads);
}

}  // namespace learndock::compute
