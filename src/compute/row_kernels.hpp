#pragma once

#include "learndock/numeric/matrix.hpp"

namespace learndock::compute {

/// What is summed over the coordinates of two rows.
enum class RowSum { products, squared_differences };

/// out(q, r) of all pairs of two sets of rows, in fp32. Each term is rounded at most width + 2 times on its
/// way into a sum, whatever the instruction set.
/// @shapes queries Q x width, rows R x width, out Q x R
void row_sums(RowSum sum, MatrixView<const float> queries, MatrixView<const float> rows,
              MatrixView<float> out, unsigned threads);

}  // namespace learndock::compute
