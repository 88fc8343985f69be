#pragma once

#include "vector_rival.hpp"

#include <memory>

namespace learndock::bench {

/// FAISS' inverted file of so many lists.
[[nodiscard]] std::unique_ptr<VectorRival> faiss_ivf(std::size_t lists);

}  // namespace learndock::bench
