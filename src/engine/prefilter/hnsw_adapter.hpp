#pragma once

#include "learndock/base/result.hpp"

#include "engine/prefilter/prefilter.hpp"
#include "engine/space/embedded_rows.hpp"

#include <cstddef>
#include <memory>

namespace learndock::engine {

/// What a graph takes and finds; the defaults are hnswlib's own advice for high recall.
struct HnswShape {
  std::size_t links = 24;         ///< neighbours of each node
  std::size_t build_width = 200;  ///< nodes looked at while building
  std::size_t least_width = 200;  ///< nodes looked at while searching, at least
};

/// hnswlib's graph over the rows: fast and without proof (`certified()` is false).
/// @errors internal, out of hnswlib
/// @cost   about a millisecond for each learnware and thread
[[nodiscard]] Result<std::unique_ptr<Prefilter>> hnsw_graph(const EmbeddedRows& rows, unsigned threads,
                                                            const HnswShape& shape = {});

}  // namespace learndock::engine
