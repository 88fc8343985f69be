#include "learndock/compute/kernel.hpp"

#include <fmt/format.h>

#include <cmath>

namespace learndock::compute {

bool Kernel::valid() const {
  return scales >= 1 && scales <= kMaxScales && gamma > 0 && std::isfinite(narrowest_gamma());
}

std::string Kernel::text() const {
  return fmt::format("gamma {}{}", gamma, scales == 1 ? std::string() : fmt::format(", {} scales", scales));
}

}  // namespace learndock::compute
