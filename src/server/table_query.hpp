#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/sketch/table.hpp"

#include "http/uri.hpp"

#include <optional>
#include <span>
#include <string>

namespace learndock::server {

/// The parameters that say how a table is read: label, drop, columns, numeric_only, delimiter, decimal,
/// encoding, header. @errors invalid_argument
[[nodiscard]] Result<sketch::TableOptions> table_options_of(const http::Query& query);

/// Warnings as the value of a header field: JSON in ASCII, shortened to at most 4 KiB.
[[nodiscard]] std::string warnings_field(std::span<const Warning> warnings);

/// The names of a table's features as the value of a header field: a JSON list in ASCII. Nothing when they
/// have no names, or when the list would be long.
[[nodiscard]] std::optional<std::string> columns_field(std::span<const std::string> columns);

}  // namespace learndock::server
