#pragma once

#include "learndock/specification/kinds.hpp"

namespace learndock::specification {

/// Tables whose rows a trained map of the reference has brought into a space common to tables of other
/// columns.
extern const KindRules kHeteroMapKind;

}  // namespace learndock::specification
