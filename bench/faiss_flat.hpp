#pragma once

#include "vector_rival.hpp"

#include <memory>

namespace learndock::bench {

/// FAISS' flat index, called as a program of its own would call it.
[[nodiscard]] std::unique_ptr<VectorRival> faiss_flat();

}  // namespace learndock::bench
