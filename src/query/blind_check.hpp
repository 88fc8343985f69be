#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/specification/statistical.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::query {

/// The mean off-diagonal kernel value if it is under specification::kKernelBlindThreshold, so that the
/// learnware's distances tell little; nothing for larger values, for sets of one point and for kinds that are
/// not compared.
/// @cost as specification::mean_off_diagonal_kernel
[[nodiscard]] Result<std::optional<double>> blind_value(const specification::RkmeSpecification& specification,
                                                        const compute::Backend& backend);

/// The warning "kernel blind: its mean off-diagonal kernel value is ..., under ...", with what to do.
[[nodiscard]] std::string blind_warning(double value, const compute::Kernel& kernel);
/// The same warning for an import of many learnwares; it describes the first blind one.
[[nodiscard]] std::string blind_warning(double value, const compute::Kernel& kernel, std::size_t blind,
                                        std::size_t imported);

/// The warning that a space is kernel blind. @param learnwares "this space" or its name
[[nodiscard]] std::string blind_space_warning(std::string_view learnwares, double mean);

}  // namespace learndock::query
