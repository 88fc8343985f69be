#pragma once

#include "learndock/base/result.hpp"
#include "learndock/index/prefilter.hpp"

#include "index/embedded_rows.hpp"

#include <memory>

namespace learndock::index {

/// hnswlib's graph over the rows: fast and without proof (`certified()` is false).
/// @errors internal, out of hnswlib
/// @cost   about a millisecond for each learnware and thread
[[nodiscard]] Result<std::unique_ptr<Prefilter>> hnsw_graph(const EmbeddedRows& rows, unsigned threads);

}  // namespace learndock::index
