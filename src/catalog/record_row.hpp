#pragma once

#include "learndock/catalog/records.hpp"

#include "catalog/sql.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Columns in the order `read_record` takes them; `bytes` of the statistical specification and of the further
/// ones may follow.
#define LEARNDOCK_COLUMNS                                                             \
  "sequence, id, status, name, package_digest, package_bytes, url, created_unix_ms, " \
  "semantic_json, warnings, checksum, content_digest"

namespace learndock::catalog {

inline constexpr int kStatisticalColumn = 12, kFurtherColumn = 13;

/// The text of the column `warnings`: a JSON array of texts.
[[nodiscard]] std::string warnings_text(const std::vector<std::string>& warnings);

/// The checksum of a record that is stored under `record.sequence`: the CRC-32C of all columns in the upper
/// half, that of the statistical bytes, the further ones included, in the lower. A listing, which does not
/// read the bytes, compares the upper half.
[[nodiscard]] std::int64_t checksum_of(const LearnwareRecord& record);

/// A row as a record. A row that is not what was stored gets its `damage` set and is otherwise returned as it
/// was read; an id that cannot be one is replaced by `damaged_id`.
/// @param with_statistical  the statistical bytes, and the further ones, are the columns after
/// LEARNDOCK_COLUMNS
[[nodiscard]] LearnwareRecord read_record(const Statement& row, bool with_statistical);

/// "damaged-17", the name of a record whose own id cannot be read.
[[nodiscard]] LearnwareId damaged_id(LearnwareNumber sequence);
/// The sequence in such a name; 0 when the id is not one.
[[nodiscard]] LearnwareNumber sequence_of_damaged_id(const LearnwareId& id);

}  // namespace learndock::catalog
