#pragma once

#include "learndock/base/result.hpp"

#include <string_view>

namespace learndock::store {

/// Whether the program can read the kernels of an index, which the store keeps as text and does not know. A
/// manifest whose kernels fail this check is damaged: no version is answered from under kernels that were not
/// read. The message of the failure becomes that of the damage.
using KernelsCheck = Result<void> (*)(std::string_view kernels_text);

}  // namespace learndock::store
