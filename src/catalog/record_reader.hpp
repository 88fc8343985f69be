#pragma once

#include "catalog/catalog.hpp"
#include "catalog/sql.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace learndock::catalog {

/// The record of an id, or of a `damaged_id`, with its `damage` set. @errors not_found, corrupt, io
[[nodiscard]] Result<LearnwareRecord> find_record(Connection& connection, const LearnwareId& id);

/// The same for a sequence. @errors not_found, corrupt, io
[[nodiscard]] Result<LearnwareRecord> find_record(Connection& connection, LearnwareNumber sequence);

/// Records with first <= sequence <= last in order, `statistical` included. A damaged one, also one whose row
/// cannot be read, has its `damage` set.
[[nodiscard]] Result<void> visit_records(Connection& connection, LearnwareNumber first, LearnwareNumber last,
                                         const std::function<Result<void>(LearnwareRecord&)>& visit);

/// Calls `visit` with the further specifications of each learnware that has some, by its sequence.
[[nodiscard]] Result<void> visit_further(Connection& connection,
                                         const std::function<void(LearnwareNumber, std::string_view)>& visit);

/// One page of records, without `statistical`.
[[nodiscard]] Result<RecordPage> list_records(Connection& connection, std::uint64_t after, std::size_t limit);

/// Sequences, ids and package digests as the indexes have them, by sequence. @errors corrupt, io
[[nodiscard]] Result<std::vector<IndexedName>> indexed_names(Connection& connection);

/// Whether the stored checksum is that of the record.
[[nodiscard]] Result<bool> was_stored(Connection& connection, const LearnwareRecord& record);

}  // namespace learndock::catalog
