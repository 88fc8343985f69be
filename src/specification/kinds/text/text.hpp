#pragma once

#include "learndock/specification/kinds.hpp"

namespace learndock::specification {

/// Texts: a point is the vector that an encoder makes of a sentence; the file names the languages.
extern const KindRules kTextKind;

}  // namespace learndock::specification
