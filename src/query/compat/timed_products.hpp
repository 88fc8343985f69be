#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "query/request/deadline.hpp"

#include <optional>
#include <span>

namespace learndock::query {

/// As Backend::inner_products. With a deadline, long work is done in steps of some milliseconds, with a look
/// at the clock before each: a product of two sets takes as many kernel values as the product of their
/// points.
/// @return false: the deadline came first, and `out` says nothing
[[nodiscard]] Result<bool> inner_products_in_time(const compute::Backend& backend,
                                                  const compute::ReducedSetView& query,
                                                  std::span<const compute::ReducedSetView> sets,
                                                  std::span<double> out, Deadline* deadline);

/// As Backend::self_inner_products, of one set. @return none: the deadline came first
[[nodiscard]] Result<std::optional<double>> self_product_in_time(const compute::Backend& backend,
                                                                 const compute::ReducedSetView& set,
                                                                 Deadline* deadline);

/// The same for many sets; sets that take long are done one by one. @return false: the deadline came first
[[nodiscard]] Result<bool> self_products_in_time(const compute::Backend& backend,
                                                 std::span<const compute::ReducedSetView> sets,
                                                 std::span<double> out, Deadline* deadline);

}  // namespace learndock::query
