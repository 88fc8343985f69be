#pragma once

#include "vector_rival.hpp"

namespace learndock::bench {

/// Compares a rival's answers to some queries with a plain loop over all vectors, before it is timed. A rival
/// that is exact must find the nearest, but for rounding; of the others half is enough to tell that it was
/// called rightly. @errors internal
[[nodiscard]] Result<void> check_rival(const VectorRival& rival, MatrixView<const float> vectors,
                                       MatrixView<const float> queries);

}  // namespace learndock::bench
