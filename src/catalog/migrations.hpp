#pragma once

#include "catalog/sql.hpp"

#include <string>
#include <vector>

namespace learndock::catalog {

/// Sequence and text, see `search_text`.
inline constexpr std::string_view kInsertSearchText =
    "INSERT INTO search_text (sequence, text) VALUES (?, ?)";

/// Checks that the database is a catalogue that this build can open, or empty. Changes nothing.
/// @errors unsupported (written by a newer version), corrupt (another program's database, or no database)
[[nodiscard]] Result<void> check_schema(Connection& connection);

/// Whether the database has this build's schema, not an older one.
[[nodiscard]] Result<bool> is_current(Connection& connection);

/// The tables, indexes and triggers of this build's schema that the database lacks, one line each.
[[nodiscard]] Result<std::vector<std::string>> missing_parts(Connection& connection);

/// See `header_problem` of the catalogue. @errors io, corrupt
[[nodiscard]] Result<std::string> header_problem(Connection& connection);
/// Writes the numbers of the head as this build writes them.
[[nodiscard]] Result<void> write_header(Connection& connection);

/// Brings the schema to this build's version, one step per version, in one transaction; an empty file gets
/// the whole schema, and records stored before there was a text index enter it. There is no way back: an
/// older build refuses the file. Writes nothing when the schema is current.
/// @errors as check_schema, io, no_space
[[nodiscard]] Result<void> migrate(Connection& connection);

}  // namespace learndock::catalog
