#pragma once

#include <cstdint>

namespace learndock::compute {

/// IEEE half precision as stored bits, rounded to nearest even.
[[nodiscard]] std::uint16_t to_half(float value);
[[nodiscard]] float from_half(std::uint16_t bits);

}  // namespace learndock::compute
