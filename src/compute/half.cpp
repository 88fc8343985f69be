// The only file of this layer that includes Eigen.
#include "compute/half.hpp"

#include <Eigen/Core>

namespace learndock::compute {

std::uint16_t to_half(float value) { return Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(value)); }
float from_half(std::uint16_t bits) { return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(bits)); }

}  // namespace learndock::compute
