#pragma once

#include "learndock/compute/packed_sets.hpp"
#include "learndock/specification/statistical.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace learndock::specification {

/// The key of a feature space: what two specifications must share to be compared.
struct SpaceId {
  StatisticalType type = StatisticalType::rkme_table;
  std::vector<std::size_t> shape;  ///< shape of one point
  double gamma = 0;
  std::uint32_t scales = 1;

  [[nodiscard]] static SpaceId of(const RkmeSpecification& specification) {
    return {specification.type, specification.trailing_shape, specification.gamma, specification.scales};
  }
  [[nodiscard]] compute::Kernel kernel() const { return {gamma, scales}; }
  [[nodiscard]] std::size_t dimension() const {
    std::size_t product = 1;
    for (const std::size_t extent : shape) product *= extent;
    return product;
  }
  /// "RKMETableSpecification of 20, gamma 0.1", for people.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const SpaceId&) const = default;
};

/// A family of feature spaces: they differ in nothing but their gamma.
struct SpaceFamily {
  StatisticalType type = StatisticalType::rkme_table;
  std::vector<std::size_t> shape;  ///< shape of one point
  std::uint32_t scales = 1;

  [[nodiscard]] static SpaceFamily of(const RkmeSpecification& specification) {
    return {specification.type, specification.trailing_shape, specification.scales};
  }
  [[nodiscard]] static SpaceFamily of(const SpaceId& space) {
    return {space.type, space.shape, space.scales};
  }
  [[nodiscard]] SpaceId under(double gamma) const { return {type, shape, gamma, scales}; }
  auto operator<=>(const SpaceFamily&) const = default;
};

}  // namespace learndock::specification
