#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"

#include <string_view>

namespace learndock::package {

/// The value of a plain (unquoted) scalar by the rules of YAML 1.1 as Python's YAML library applies them. The
/// reference gives these values to a package's own code: `yes` is true, `010` is eight, `1e-3` is text. Dates
/// are kept as text; `.inf` and `.nan` are the numbers that they are in Python.
/// @errors package_yaml (a number that is out of range)
[[nodiscard]] Result<Json> plain_scalar(std::string_view text);

}  // namespace learndock::package
