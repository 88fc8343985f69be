#pragma once

#include "learndock/specification/semantic.hpp"

namespace learndock::specification {

/// Checks the texts of a specification that comes into a dock: the name shows as it is written, and
/// descriptions have no control characters but line breaks and tabs. Stored specifications are not checked.
/// @errors semantic_value
[[nodiscard]] Result<void> check_texts(const SemanticSpecification& semantic);

}  // namespace learndock::specification
