#include "compute/cpu_reference.hpp"

#include "compute/checks.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::compute {
namespace {

template <class A, class B>
double squared_distance(const A* a, const B* b, std::size_t dimension) {
  double sum = 0;
  for (std::size_t k = 0; k < dimension; ++k) {
    const double difference = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    sum += difference * difference;
  }
  return sum;
}

double inner_product(const ReducedSetView& a, const ReducedSetView& b, double gamma) {
  double sum = 0;
  for (std::size_t i = 0; i < a.count; ++i)
    for (std::size_t j = 0; j < b.count; ++j)
      sum += a.weights[i] * b.weights[j] *
             std::exp(-gamma *
                      squared_distance(a.points + i * a.dimension, b.points + j * b.dimension, a.dimension));
  return sum;
}

class CpuReference final : public Backend {
 public:
  std::string_view name() const override { return "cpu_reference"; }

  Result<void> inner_products(const ReducedSetView& query, std::span<const ReducedSetView> sets,
                              std::span<double> out) const override {
    LEARNDOCK_CHECK(check_inner_products(query, sets, out));
    for (std::size_t i = 0; i < sets.size(); ++i) out[i] = inner_product(sets[i], query, sets[i].gamma);
    return {};
  }

  Result<void> self_inner_products(std::span<const ReducedSetView> sets,
                                   std::span<double> out) const override {
    LEARNDOCK_CHECK(check_self_inner_products(sets, out));
    for (std::size_t i = 0; i < sets.size(); ++i) out[i] = inner_product(sets[i], sets[i], sets[i].gamma);
    return {};
  }

  Result<void> gram(MatrixView<const double> points, double gamma, MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_gram(points, out));
    for (std::size_t i = 0; i < points.rows(); ++i)
      for (std::size_t j = 0; j < points.rows(); ++j)
        out(i, j) = std::exp(-gamma * squared_distance(&points(i, 0), &points(j, 0), points.cols()));
    return {};
  }

  Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data, double gamma,
                         const DataSums& out) const override {
    LEARNDOCK_CHECK(check_data_sums(points, data, out));
    const bool want_points = out.kernel_point.data() != nullptr;
    std::fill(out.kernel.begin(), out.kernel.end(), 0.0);
    if (want_points) std::fill_n(out.kernel_point.data(), out.kernel_point.size(), 0.0);
    for (std::size_t i = 0; i < points.rows(); ++i)
      for (std::size_t x = 0; x < data.rows(); ++x) {
        const double k =
            std::exp(-gamma * squared_distance(&points(i, 0), data.row(x).data(), points.cols()));
        out.kernel[i] += k;
        if (!want_points) continue;
        for (std::size_t c = 0; c < points.cols(); ++c)
          out.kernel_point(i, c) += k * static_cast<double>(data(x, c));
      }
    return {};
  }

  Result<void> nearest_centres(MatrixView<const float> data, MatrixView<const float> centres,
                               std::span<std::uint32_t> labels) const override {
    LEARNDOCK_CHECK(check_nearest_centres(data, centres, labels));
    for (std::size_t x = 0; x < data.rows(); ++x) {
      std::size_t best = 0;
      double best_distance = squared_distance(data.row(x).data(), centres.row(0).data(), data.cols());
      for (std::size_t c = 1; c < centres.rows(); ++c) {
        const double distance = squared_distance(data.row(x).data(), centres.row(c).data(), data.cols());
        if (distance < best_distance) {
          best_distance = distance;
          best = c;
        }
      }
      labels[x] = static_cast<std::uint32_t>(best);
    }
    return {};
  }
};

}  // namespace

std::shared_ptr<const Backend> make_cpu_reference() { return std::make_shared<CpuReference>(); }

}  // namespace learndock::compute
