#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// Shape checks shared by every backend, so that all refuse the same jobs in the same words.
[[nodiscard]] Result<void> check_inner_products(const ReducedSetView& query,
                                                std::span<const ReducedSetView> sets,
                                                std::span<const double> out);
[[nodiscard]] Result<void> check_self_inner_products(std::span<const ReducedSetView> sets,
                                                     std::span<const double> out);
[[nodiscard]] Result<void> check_gram(MatrixView<const double> points, MatrixView<const double> out);
[[nodiscard]] Result<void> check_data_sums(MatrixView<const double> points, MatrixView<const float> data,
                                           const DataSums& out);
[[nodiscard]] Result<void> check_nearest_centres(MatrixView<const float> data,
                                                 MatrixView<const float> centres,
                                                 std::span<const std::uint32_t> labels);

}  // namespace learndock::compute
