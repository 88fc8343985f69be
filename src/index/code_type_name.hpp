#pragma once

#include "learndock/compute/scan_codes.hpp"

#include <array>
#include <string_view>

namespace learndock::index {

[[nodiscard]] constexpr std::string_view code_type_name(compute::CodeType type) {
  constexpr std::array<std::string_view, 4> kNames = {"fp32", "fp16", "int8", "int4"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace learndock::index
