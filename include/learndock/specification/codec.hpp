#pragma once

#include "learndock/specification/codec_binary.hpp"
#include "learndock/specification/codec_json.hpp"

#include <string_view>

namespace learndock::specification {

/// Reads either form; the first bytes tell which it is.
[[nodiscard]] Result<RkmeSpecification> from_bytes(std::string_view bytes);

}  // namespace learndock::specification
