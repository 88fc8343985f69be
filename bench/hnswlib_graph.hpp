#pragma once

#include "vector_rival.hpp"

#include <memory>

namespace learndock::bench {

/// hnswlib's graph, called and compiled for this machine's own processor as a program of its own would be.
[[nodiscard]] std::unique_ptr<VectorRival> hnswlib_graph();

}  // namespace learndock::bench
