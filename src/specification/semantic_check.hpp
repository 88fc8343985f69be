#pragma once

#include "learndock/specification/semantic.hpp"

namespace learndock::specification {

/// What the texts of a specification that comes into a dock may hold: the name shows as it is written, and
/// descriptions hold no control characters but line breaks and tabs. Not asked of what is stored already.
/// @errors semantic_value
[[nodiscard]] Result<void> check_texts(const SemanticSpecification& semantic);

}  // namespace learndock::specification
