#pragma once

#include "learndock/specification/statistical.hpp"

#include <string>
#include <string_view>

namespace learndock::specification {

/// Longer stat.json texts are refused. The largest the reference makes holds 1,310,720 point values of about
/// 20 bytes.
inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;

/// Reads the reference's stat.json (formats: table, text, image, hetero). A missing type means table, unknown
/// keys are ignored, K = 1 is legal. @errors json_*, spec_*; `where` is a JSON pointer
[[nodiscard]] Result<RkmeSpecification> from_json_text(std::string_view text);
[[nodiscard]] Result<RkmeSpecification> from_json(const Json& json);

/// Writes the reference's keys in the reference's order, one line.
[[nodiscard]] Json to_json(const RkmeSpecification& spec);
[[nodiscard]] std::string to_json_text(const RkmeSpecification& spec);

}  // namespace learndock::specification
