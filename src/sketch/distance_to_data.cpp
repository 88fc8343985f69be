#include "sketch/distance_to_data.hpp"

#include "sketch/kmeans.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

namespace learndock::sketch {
namespace {

/// Values held in fp64 at once: 2^21 are 16 MiB. The rows themselves stay in fp32, where they lie.
constexpr std::size_t kHeldValues = std::size_t{1} << 21;

/// Some rows of the data, or all.
class Rows {
 public:
  Rows(MatrixView<const float> data, std::vector<std::size_t> chosen)
      : data_(data), chosen_(std::move(chosen)) {}
  explicit Rows(MatrixView<const float> data) : data_(data), chosen_(data.rows()) {
    std::iota(chosen_.begin(), chosen_.end(), std::size_t{0});
  }
  [[nodiscard]] std::size_t count() const { return chosen_.size(); }
  [[nodiscard]] std::size_t dimension() const { return data_.cols(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const { return data_.row(chosen_[i]); }
  /// How many rows fit into kHeldValues.
  [[nodiscard]] std::size_t held() const {
    return std::max<std::size_t>(1, kHeldValues / std::max<std::size_t>(1, dimension()));
  }

 private:
  MatrixView<const float> data_;
  std::vector<std::size_t> chosen_;
};

/// A few rows as reduced sets of weight 1, in fp64.
class Held {
 public:
  Held(const Rows& rows, std::size_t first, std::size_t last, const compute::Kernel& kernel)
      : ones_(last - first, 1.0), dimension_(rows.dimension()), kernel_(kernel) {
    values_.reserve(ones_.size() * dimension_);
    for (std::size_t i = first; i < last; ++i)
      values_.insert(values_.end(), rows.row(i).begin(), rows.row(i).end());
  }
  [[nodiscard]] compute::ReducedSetView all() const { return part(0, ones_.size()); }
  /// Splits the rows into blocks that keep all threads busy.
  [[nodiscard]] std::vector<compute::ReducedSetView> parts() const {
    constexpr std::size_t kPart = 256;
    std::vector<compute::ReducedSetView> parts;
    for (std::size_t at = 0; at < ones_.size(); at += kPart)
      parts.push_back(part(at, std::min(at + kPart, ones_.size())));
    return parts;
  }

 private:
  [[nodiscard]] compute::ReducedSetView part(std::size_t first, std::size_t last) const {
    return {values_.data() + first * dimension_, ones_.data(), last - first, dimension_, kernel_};
  }
  std::vector<double> values_, ones_;
  std::size_t dimension_;
  compute::Kernel kernel_;
};

Result<double> sum_of_products(const compute::ReducedSetView& with,
                               const std::vector<compute::ReducedSetView>& parts,
                               const compute::Backend& backend) {
  std::vector<double> products(parts.size());
  LEARNDOCK_CHECK(backend.inner_products(with, parts, products));
  return std::accumulate(products.begin(), products.end(), 0.0);
}

/// Adds up `products` of the rows from `first` on, as many rows at a time as are in memory at once.
Result<double> sum_with_rows(const Rows& rows, std::size_t first, const compute::Kernel& kernel,
                             const std::function<Result<double>(const Held&)>& products,
                             const TimeLimit& time) {
  double total = 0;
  for (std::size_t at = first; at < rows.count(); at += rows.held()) {
    LEARNDOCK_CHECK(check_time(time));
    LEARNDOCK_TRY(const double sum,
                  products(Held(rows, at, std::min(at + rows.held(), rows.count()), kernel)));
    total += sum;
  }
  return total;
}

/// Sum of k(x, y) over all pairs. Kernel values are symmetric: each group of rows meets itself once and the
/// rows after it, counted twice.
Result<double> kernel_sum(const Rows& rows, const compute::Kernel& kernel, const compute::Backend& backend,
                          const TimeLimit& time) {
  constexpr std::size_t kGroups = 8;
  const std::size_t groups = std::max(kGroups, (rows.count() + rows.held() - 1) / rows.held());
  double total = 0;
  for (std::size_t group = 0; group < groups; ++group) {
    const std::size_t first = rows.count() * group / groups, last = rows.count() * (group + 1) / groups;
    if (first == last) continue;
    LEARNDOCK_CHECK(check_time(time));
    const Held held(rows, first, last, kernel);
    LEARNDOCK_TRY(const double inside, sum_of_products(held.all(), held.parts(), backend));
    const auto with_these = [&](const Held& later) {
      return sum_of_products(later.all(), held.parts(), backend);
    };
    LEARNDOCK_TRY(const double after, sum_with_rows(rows, last, kernel, with_these, time));
    total += inside + 2 * after;
  }
  return total;
}

/// The mean of k(x, y) over different rows, from a sample of them. The sample's own mean is off by about
/// 2 (mean over the sample - mean over all) of <k(x, .), mu_data>; the same difference of <k(x, .), mu_fit>
/// is known exactly, and taking it off leaves only what the fit does not explain.
Result<double> off_diagonal_mean(const Rows& sample, const compute::Kernel& kernel, const Fit& fit,
                                 const compute::Backend& backend, const TimeLimit& time) {
  const compute::ReducedSetView view{fit.points.view().data(), fit.weights.data(), fit.points.rows(),
                                     fit.points.cols(), kernel};
  LEARNDOCK_TRY(const double total, kernel_sum(sample, kernel, backend, time));
  LEARNDOCK_TRY(const double fit_self, sum_of_products(view, {view}, backend));
  const auto with_fit = [&](const Held& rows) { return sum_of_products(view, rows.parts(), backend); };
  LEARNDOCK_TRY(const double fit_sample, sum_with_rows(sample, 0, kernel, with_fit, time));
  const auto m = static_cast<double>(sample.count());
  const double fit_data = (fit_self - fit.objective) / 2;
  return (total - m) / (m * (m - 1)) - 2 * (fit_sample / m - fit_data);
}

}  // namespace

Result<double> distance_to_data(MatrixView<const float> data, const compute::Kernel& kernel, const Fit& fit,
                                std::size_t limit, std::uint64_t seed, const compute::Backend& backend,
                                const TimeLimit& time) {
  const auto n = static_cast<double>(data.rows());
  if (data.rows() <= limit) {
    LEARNDOCK_TRY(const double total, kernel_sum(Rows(data), kernel, backend, time));
    return total / (n * n) + fit.objective;
  }
  const Rows sample(data, sample_rows(data.rows(), limit, seed));
  LEARNDOCK_TRY(const double mean, off_diagonal_mean(sample, kernel, fit, backend, time));
  return 1 / n + (1 - 1 / n) * mean + fit.objective;
}

}  // namespace learndock::sketch
