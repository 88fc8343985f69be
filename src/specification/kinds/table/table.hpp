#pragma once

#include "learndock/specification/kinds.hpp"

namespace learndock::specification {

/// Tables: a point is a row of d numbers.
extern const KindRules kTableKind;

}  // namespace learndock::specification
