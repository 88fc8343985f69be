#pragma once

#include "learndock/compute/kernel.hpp"
#include "learndock/specification/statistical.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace learndock::specification {

/// The number of values of a point of this shape.
[[nodiscard]] std::size_t dimension_of(const std::vector<std::size_t>& shape);

/// What two specifications must share to be compared: they are of one feature space.
struct SpaceId {
  Kind kind;
  std::vector<std::size_t> shape;  ///< of one point
  compute::Kernel kernel;

  [[nodiscard]] static SpaceId of(const RkmeSpecification& specification) {
    return {specification.kind, specification.trailing_shape, specification.kernel};
  }
  [[nodiscard]] std::size_t dimension() const { return dimension_of(shape); }
  /// "RKMETableSpecification of 20, gamma 0.1", for people.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const SpaceId&) const = default;
};

/// A family of feature spaces: they differ only in the gamma of their kernel.
struct SpaceFamily {
  Kind kind;
  std::vector<std::size_t> shape;  ///< of one point
  std::uint32_t scales = 1;

  [[nodiscard]] static SpaceFamily of(const RkmeSpecification& specification) {
    return {specification.kind, specification.trailing_shape, specification.kernel.scales};
  }
  [[nodiscard]] static SpaceFamily of(const SpaceId& space) {
    return {space.kind, space.shape, space.kernel.scales};
  }
  [[nodiscard]] std::size_t dimension() const { return dimension_of(shape); }
  /// The kernel of the family's space of this gamma.
  [[nodiscard]] compute::Kernel kernel(double gamma) const { return {gamma, scales}; }
  /// @pre the kernel has the family's scales
  [[nodiscard]] SpaceId under(const compute::Kernel& kernel) const { return {kind, shape, kernel}; }
  auto operator<=>(const SpaceFamily&) const = default;
};

}  // namespace learndock::specification
