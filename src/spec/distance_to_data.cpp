#include "spec/distance_to_data.hpp"

#include "spec/kmeans.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace learndock::spec {
namespace {

/// Rows as reduced sets of weight 1, in fp64.
class Rows {
 public:
  Rows(MatrixView<const float> data, const compute::GaussianKernel& kernel)
      : values_(data.data(), data.data() + data.size()),
        ones_(data.rows(), 1.0),
        dimension_(data.cols()),
        kernel_(kernel) {}

  [[nodiscard]] std::size_t count() const { return ones_.size(); }
  [[nodiscard]] compute::ReducedSetView part(std::size_t first, std::size_t last) const {
    return {values_.data() + first * dimension_, ones_.data(), last - first, dimension_, kernel_};
  }
  /// In parts that keep all threads busy.
  [[nodiscard]] std::vector<compute::ReducedSetView> parts(std::size_t first, std::size_t last) const {
    constexpr std::size_t kPart = 256;
    std::vector<compute::ReducedSetView> parts;
    for (std::size_t at = first; at < last; at += kPart)
      parts.push_back(part(at, std::min(at + kPart, last)));
    return parts;
  }

 private:
  std::vector<double> values_, ones_;
  std::size_t dimension_;
  compute::GaussianKernel kernel_;
};

Result<double> sum_of_products(const compute::ReducedSetView& with,
                               const std::vector<compute::ReducedSetView>& parts,
                               const compute::Backend& backend) {
  std::vector<double> products(parts.size());
  LEARNDOCK_CHECK(backend.inner_products(with, parts, products));
  return std::accumulate(products.begin(), products.end(), 0.0);
}

/// Sum of k(x, y) over all pairs. Kernel values are symmetric: each group of rows meets itself once and the
/// rows after it, counted twice.
Result<double> kernel_sum(const Rows& rows, const compute::Backend& backend, const TimeLimit& time) {
  constexpr std::size_t kGroups = 8;
  double total = 0;
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::size_t first = rows.count() * group / kGroups, last = rows.count() * (group + 1) / kGroups;
    if (first == last) continue;
    LEARNDOCK_CHECK(check_time(time));
    const auto parts = rows.parts(first, last);
    LEARNDOCK_TRY(const double inside, sum_of_products(rows.part(first, last), parts, backend));
    total += inside;
    if (last == rows.count()) continue;
    LEARNDOCK_TRY(const double after, sum_of_products(rows.part(last, rows.count()), parts, backend));
    total += 2 * after;
  }
  return total;
}

/// The mean of k(x, y) over different rows, from a sample of them. The sample's own mean is off by about
/// 2 (mean over the sample - mean over all) of <k(x, .), mu_data>; the same difference of <k(x, .), mu_fit>
/// is known exactly, and taking it off leaves only what the fit does not explain.
Result<double> off_diagonal_mean(const Rows& sample, const compute::GaussianKernel& kernel, const Fit& fit,
                                 const compute::Backend& backend, const TimeLimit& time) {
  const compute::ReducedSetView view{fit.points.view().data(), fit.weights.data(), fit.points.rows(),
                                     fit.points.cols(), kernel};
  LEARNDOCK_TRY(const double total, kernel_sum(sample, backend, time));
  LEARNDOCK_TRY(const double fit_self, sum_of_products(view, {view}, backend));
  LEARNDOCK_TRY(const double fit_sample, sum_of_products(view, sample.parts(0, sample.count()), backend));
  const auto m = static_cast<double>(sample.count());
  const double fit_data = (fit_self - fit.objective) / 2;
  return (total - m) / (m * (m - 1)) - 2 * (fit_sample / m - fit_data);
}

}  // namespace

Result<double> distance_to_data(MatrixView<const float> data, const compute::GaussianKernel& kernel,
                                const Fit& fit, std::size_t limit, std::uint64_t seed,
                                const compute::Backend& backend, const TimeLimit& time) {
  const auto n = static_cast<double>(data.rows());
  if (data.rows() <= limit) {
    LEARNDOCK_TRY(const double total, kernel_sum(Rows(data, kernel), backend, time));
    return total / (n * n) + fit.objective;
  }
  const Matrix<float> sample = take_rows(data, sample_rows(data.rows(), limit, seed));
  LEARNDOCK_TRY(const double mean,
                off_diagonal_mean(Rows(sample.view(), kernel), kernel, fit, backend, time));
  return 1 / n + (1 - 1 / n) * mean + fit.objective;
}

}  // namespace learndock::spec
