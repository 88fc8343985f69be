#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include "engine/prefilter/prefilter.hpp"
#include "engine/space/embedded_rows.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace learndock::engine {

/// Centres that FAISS trained, and the nearest centre of every row.
struct TrainedCells {
  Matrix<float> centres;
  std::vector<std::uint32_t> labels;
};

/// K-means over a sample of the rows. The same rows give the same cells.
/// @errors internal, out of FAISS
[[nodiscard]] Result<TrainedCells> train_cells(const EmbeddedRows& rows, std::size_t cells, unsigned threads);

/// FAISS' IndexFlatL2 over the rows. Its distances are fp32; bounds are these distances less their possible
/// error.
/// @errors internal, out of FAISS
[[nodiscard]] Result<std::unique_ptr<Prefilter>> faiss_flat(const EmbeddedRows& rows, unsigned threads);

}  // namespace learndock::engine
