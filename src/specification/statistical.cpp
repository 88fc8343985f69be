#include "learndock/specification/statistical.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace learndock::specification {
namespace {

Result<void> check_shape(const RkmeSpecification& spec, const SpecificationLimits& limits) {
  const std::size_t k = spec.points.rows(), d = spec.points.cols();
  if (k == 0 || d == 0)
    return fail(ErrorCode::spec_shape, fmt::format("z is {} x {}; it needs a point and a dimension", k, d),
                "/z");
  if (k > limits.max_points)
    return fail(ErrorCode::spec_shape, fmt::format("z has {} points, the limit is {}", k, limits.max_points),
                "/z");
  if (k > limits.max_values / d)
    return fail(ErrorCode::spec_shape,
                fmt::format("z is {} x {}, over the limit of {} values", k, d, limits.max_values), "/z");
  if (spec.weights.size() != k)
    return fail(ErrorCode::spec_shape,
                fmt::format("z has {} points, beta has {} weights", k, spec.weights.size()), "/beta",
                "write one weight for each point");
  const std::size_t trailing = std::accumulate(spec.trailing_shape.begin(), spec.trailing_shape.end(),
                                               std::size_t{1}, std::multiplies<>());
  if (spec.trailing_shape.empty() || trailing != d)
    return fail(ErrorCode::spec_shape,
                fmt::format("the point shape has {} values, a point has {}", trailing, d), "/z");
  if (spec.kind->shape_fault != nullptr)
    if (const std::string_view fault = spec.kind->shape_fault(spec.trailing_shape); !fault.empty())
      return fail(ErrorCode::spec_shape, std::string(fault), "/z");
  return {};
}

Result<void> check_values(const RkmeSpecification& spec, const SpecificationLimits& limits) {
  for (std::size_t i = 0; i < spec.points.rows(); ++i)
    for (std::size_t j = 0; j < spec.points.cols(); ++j) {
      const double value = spec.points(i, j);
      // Negated so that NaN fails too.
      if (!(std::abs(value) <= limits.max_magnitude))
        return fail(ErrorCode::spec_not_finite,
                    fmt::format("value {} of point {} is {}; distances to it are not finite", j, i, value),
                    fmt::format("/z/{}", i),
                    "clean NaN, infinite and absurdly large values before the specification");
    }
  bool all_zero = true;
  for (std::size_t i = 0; i < spec.weights.size(); ++i) {
    if (!(std::abs(spec.weights[i]) <= limits.max_magnitude))
      return fail(ErrorCode::spec_not_finite, fmt::format("weight {} is {}", i, spec.weights[i]),
                  fmt::format("/beta/{}", i));
    all_zero = all_zero && spec.weights[i] == 0;
  }
  if (all_zero)
    return fail(ErrorCode::spec_weights, "all weights are zero: the specification describes no data",
                "/beta");
  return {};
}

Result<void> check_kernel(const RkmeSpecification& spec) {
  const std::uint32_t most = spec.kind->most_scales;
  const auto& [gamma, scales] = spec.kernel;
  if (scales == 0 || scales > most)
    return fail(ErrorCode::spec_kernel,
                fmt::format("the kernel has {} scales; a {} has 1{}", scales, spec.kind->name(),
                            most > 1 ? fmt::format(" to {}", most) : ""),
                "/scales");
  if (!(gamma > 0) || !std::isfinite(gamma))
    return fail(ErrorCode::spec_gamma, fmt::format("gamma is {}; it must be a positive number", gamma),
                "/gamma");
  if (!spec.kernel.valid())
    return fail(ErrorCode::spec_gamma,
                fmt::format("gamma is {}, and of {} scales the narrowest is not finite", gamma, scales),
                "/gamma");
  return {};
}

Result<void> check_extra(const RkmeSpecification& spec, const SpecificationLimits& limits) {
  if (spec.trailing_shape.size() > kMaxRank)
    return fail(ErrorCode::spec_shape,
                fmt::format("a point has {} extents, the limit is {}", spec.trailing_shape.size(), kMaxRank),
                "/z");
  if (spec.languages.empty() && spec.extra->is_null()) return {};
  const std::size_t bytes = extra_text(spec).size();
  if (bytes > limits.max_extra_bytes)
    return fail(ErrorCode::spec_shape,
                fmt::format("languages and additional keys take {} bytes, the limit is {}", bytes,
                            limits.max_extra_bytes),
                {}, "keep only what the specification's type defines");
  return {};
}

}  // namespace

std::string extra_text(const RkmeSpecification& spec) {
  const bool speaks = spec.kind->has_languages && !spec.languages.empty();
  if (!speaks && spec.extra->is_null()) return {};
  const Json languages = speaks ? Json(spec.languages) : Json::array();
  return to_text({{"language", languages}, {"extra", *spec.extra}});
}

Result<void> validate(const RkmeSpecification& spec, const SpecificationLimits& limits) {
  LEARNDOCK_CHECK(check_shape(spec, limits));
  LEARNDOCK_CHECK(check_values(spec, limits));
  LEARNDOCK_CHECK(check_extra(spec, limits));
  return check_kernel(spec);
}

Result<void> check_comparable(const RkmeSpecification& spec) {
  if (spec.kind->comparable()) return {};
  return fail(ErrorCode::spec_kernel, std::string(spec.kind->not_comparable));
}

Result<RkmeSpecification> make_table_specification(Matrix<double> points, std::vector<double> weights,
                                                   double gamma, std::uint64_t num_points,
                                                   std::uint32_t scales) {
  RkmeSpecification spec;
  spec.trailing_shape = {points.cols()};
  spec.points = std::move(points);
  spec.weights = std::move(weights);
  spec.kernel = {gamma, scales};
  spec.num_points = num_points;
  LEARNDOCK_CHECK(validate(spec));
  return spec;
}

}  // namespace learndock::specification
