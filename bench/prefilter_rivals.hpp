#pragma once

#include "vector_rival.hpp"

#include <memory>

namespace learndock::bench {

// Rivals by the program's own adapters, which take any vectors.

/// FAISS' flat index.
[[nodiscard]] std::unique_ptr<VectorRival> faiss_flat();
/// hnswlib's graph, compiled for this machine's own processor, as a program that uses the library would be.
[[nodiscard]] std::unique_ptr<VectorRival> hnswlib_graph();

}  // namespace learndock::bench
