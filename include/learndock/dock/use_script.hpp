#pragma once

#include "learndock/package/package.hpp"

#include <string>

namespace learndock::dock {

/// The generated script that runs a fetched package's model on a CSV (see docs/reuse.md); needs no
/// `learnware` package.
[[nodiscard]] std::string use_script(const package::ModelEntry& model, const std::string& learnware_id,
                                     const std::string& package_file_name);

}  // namespace learndock::dock
