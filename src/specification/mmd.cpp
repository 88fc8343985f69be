#include "learndock/specification/mmd.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace learndock::specification {

Result<Distance> distance(const RkmeSpecification& a, const RkmeSpecification& b,
                          const compute::Backend& backend) {
  for (const RkmeSpecification* spec : {&a, &b}) LEARNDOCK_CHECK(check_comparable(*spec));
  if (a.kind != b.kind)
    return fail(ErrorCode::spec_dimension,
                fmt::format("a {} and a {} cannot be compared", a.kind->name(), b.kind->name()));
  if (a.trailing_shape != b.trailing_shape)
    return fail(ErrorCode::spec_dimension,
                fmt::format("points of shape [{}] and [{}] cannot be compared",
                            fmt::join(a.trailing_shape, ", "), fmt::join(b.trailing_shape, ", ")));
  const compute::ReducedSetView views[] = {a.view(), b.view()};
  double self[2] = {0, 0};
  LEARNDOCK_CHECK(backend.self_inner_products(views, self));
  Distance result{0, self[0], self[1], 0};
  LEARNDOCK_CHECK(backend.inner_products(b.view(), {views, 1}, {&result.inner, 1}));
  result.mmd_squared = result.self_a - 2 * result.inner + result.self_b;
  return result;
}

Result<double> mean_off_diagonal_kernel(const compute::ReducedSetView& set, const compute::Backend& backend) {
  // A sample of many points, evenly spread over their order: searches ask for this mean at each query.
  constexpr std::size_t kSampled = 512;
  const std::size_t count = std::min(set.count, kSampled), d = set.dimension;
  std::vector<double> magnitudes(count), points(count * d);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = i * set.count / count;
    std::copy_n(set.points + from * d, d, points.data() + i * d);
    magnitudes[i] = std::abs(set.weights[from]);
    sum += magnitudes[i];
    squares += magnitudes[i] * magnitudes[i];
  }
  const double pairs = sum * sum - squares;
  if (count == 1 || pairs <= 1e-12 * squares) return 1.0;
  compute::ReducedSetView sample = set;
  sample.points = points.data();
  sample.weights = magnitudes.data();
  sample.count = count;
  double self = 0;
  LEARNDOCK_CHECK(backend.self_inner_products({&sample, 1}, {&self, 1}));
  return (self - squares) / pairs;
}

Result<double> mean_off_diagonal_kernel(const RkmeSpecification& spec, const compute::Backend& backend) {
  LEARNDOCK_CHECK(check_comparable(spec));
  return mean_off_diagonal_kernel(spec.view(), backend);
}

}  // namespace learndock::specification
