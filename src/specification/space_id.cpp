#include "specification/space_id.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <numeric>

namespace learndock::specification {

std::size_t dimension_of(const std::vector<std::size_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

std::string SpaceId::text() const {
  return fmt::format("{} of {}, {}", kind->name(), fmt::join(shape, " x "), kernel.text());
}

}  // namespace learndock::specification
