#pragma once

#include "engine/prefilter/prefilter.hpp"

#include <memory>
#include <vector>

namespace learndock::engine {

/// Makes a prefilter that computes every bound in fp64 from the embeddings themselves: the oracle.
[[nodiscard]] std::unique_ptr<Prefilter> exact_scan(std::vector<Embedding> embeddings);

}  // namespace learndock::engine
