#pragma once

#include "learndock/base/result.hpp"

#include "engine/prefilter/prefilter.hpp"
#include "engine/space/embedded_rows.hpp"

#include <memory>

namespace learndock::engine {

/// hnswlib's graph over the rows: fast and without proof (`certified()` is false).
/// @errors internal, out of hnswlib
/// @cost   about a millisecond for each learnware and thread
[[nodiscard]] Result<std::unique_ptr<Prefilter>> hnsw_graph(const EmbeddedRows& rows, unsigned threads);

}  // namespace learndock::engine
