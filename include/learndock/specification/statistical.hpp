#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/numeric/matrix.hpp"
#include "learndock/specification/kinds.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace learndock::specification {

/// The most extents that the shape of one point may have, as in the binary form.
inline constexpr std::size_t kMaxRank = 8;

/// Limits a specification must respect to enter a dock; beyond them squared distances would overflow or a
/// small file could claim a huge shape.
struct SpecificationLimits {
  std::size_t max_points = 16'384;
  std::size_t max_values = std::size_t{1} << 24;       ///< points x dimension
  double max_magnitude = 1e150;                        ///< |z|: squared distances stay finite
  std::size_t max_extra_bytes = std::size_t{1} << 20;  ///< languages and extra keys, as JSON text
};

/// RKME: a reduced kernel mean embedding, sum_i weights[i] * phi(points[i]). One that
/// `make_table_specification` or a codec returned satisfies: 1 <= points, weights.size() == points.rows(),
/// all finite, and a valid kernel.
struct RkmeSpecification {
  Kind kind;
  Matrix<double> points;        ///< K x d, the reduced set z (trailing dimensions flattened)
  std::vector<double> weights;  ///< K, beta; may be signed and need not sum to one
  /// What points compare by, if the kind is comparable. The reference's format knows only one scale.
  compute::Kernel kernel = {0.1, 1};
  std::uint64_t num_points = 0;             ///< rows of the data sketched, as declared by the file
  std::vector<std::size_t> trailing_shape;  ///< shape of one point: {d} for tables, {C, 32, 32} for images
  std::vector<std::string> languages;       ///< only of kinds that have them
  /// Keys of the kind that the dock only hands through (n_models, model_config, ...); null if none.
  JsonValue extra;

  [[nodiscard]] std::size_t dimension() const { return points.cols(); }
  [[nodiscard]] compute::ReducedSetView view() const {
    return {points.values().data(), weights.data(), points.rows(), points.cols(), kernel};
  }
  bool operator==(const RkmeSpecification&) const = default;
};

/// The languages and extra keys as the binary form carries them; "" when there are
/// none.
[[nodiscard]] std::string extra_text(const RkmeSpecification& spec);

/// Checks every invariant above, and that the binary form can carry the rest. @errors spec_shape,
/// spec_weights, spec_gamma, spec_kernel (scales), spec_not_finite
[[nodiscard]] Result<void> validate(const RkmeSpecification& spec, const SpecificationLimits& limits = {});

/// Whether its points can be compared by its kernel. @errors spec_kernel (the kind has no kernel yet)
[[nodiscard]] Result<void> check_comparable(const RkmeSpecification& spec);

/// Makes a table specification from its parts and validates it.
[[nodiscard]] Result<RkmeSpecification> make_table_specification(Matrix<double> points,
                                                                 std::vector<double> weights, double gamma,
                                                                 std::uint64_t num_points,
                                                                 std::uint32_t scales = 1);

}  // namespace learndock::specification
