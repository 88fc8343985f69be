#pragma once

#include "catalog/sql.hpp"

#include <string>
#include <vector>

namespace learndock::catalog {

/// The faults of the file's pages, trees and indexes, and of the texts that searches look up, one line each.
/// @errors io
[[nodiscard]] Result<std::vector<std::string>> structure_problems(Connection& connection);

}  // namespace learndock::catalog
