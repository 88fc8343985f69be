#include "specification/space_id.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace learndock::specification {

std::string SpaceId::text() const {
  return fmt::format("{} of {}, gamma {}{}", type_name(type), fmt::join(shape, " x "), gamma,
                     scales == 1 ? std::string() : fmt::format(", {} scales", scales));
}

}  // namespace learndock::specification
