#pragma once

#include "catalog/sql.hpp"

namespace learndock::catalog {

/// Whether the database is a catalogue that this build can open, or empty. Changes nothing.
/// @errors unsupported (written by a newer version), corrupt (another program's database, or no database)
[[nodiscard]] Result<void> check_schema(Connection& connection);

/// Brings the schema to this build's version, one step per version, in one transaction; an empty file gets
/// the whole schema. There is no way back: an older build refuses the file. Does not write when nothing is to
/// be done.
/// @errors as check_schema, io, no_space
[[nodiscard]] Result<void> migrate(Connection& connection);

}  // namespace learndock::catalog
