#pragma once

#include "engine/prefilter/hnsw_adapter.hpp"

namespace learndock::engine {

/// `hnsw_graph` compiled for this machine's own processor: the library's is for any.
[[nodiscard]] Result<std::unique_ptr<Prefilter>> native_hnsw_graph(const EmbeddedRows& rows, unsigned threads,
                                                                   const HnswShape& shape);

}  // namespace learndock::engine
