#pragma once

#include "catalog/sql.hpp"

#include <string>
#include <vector>

namespace learndock::catalog {

/// What is wrong with the file's pages, trees and indexes, and with the texts that searches look up; one line
/// each. @errors io
[[nodiscard]] Result<std::vector<std::string>> structure_problems(Connection& connection);

}  // namespace learndock::catalog
