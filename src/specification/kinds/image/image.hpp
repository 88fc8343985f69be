#pragma once

#include "learndock/specification/kinds.hpp"

namespace learndock::specification {

/// Images: a point is a picture of C x 32 x 32 numbers. They are read and stored, but have no kernel yet.
extern const KindRules kImageKind;

}  // namespace learndock::specification
