#pragma once

#include "catalog/catalog.hpp"
#include "catalog/sql.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

namespace learndock::catalog {

/// Hands out sequences, and ids that neither the catalogue nor the batch holds; neither is ever given twice.
class NumberSource {
 public:
  [[nodiscard]] static Result<NumberSource> create(Connection& connection,
                                                   std::span<const LearnwareRecord> batch);
  [[nodiscard]] LearnwareNumber next_sequence() { return ++last_sequence_; }
  [[nodiscard]] Result<LearnwareId> next_id();
  /// Stores the numbers given so far. Call it before the transaction is committed.
  [[nodiscard]] Result<void> save();

 private:
  explicit NumberSource(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
  std::uint64_t next_id_ = 1;
  LearnwareNumber last_sequence_;
  std::unordered_set<std::string> reserved_;
};

[[nodiscard]] Result<bool> id_taken(Connection& connection, const LearnwareId& id);
/// Whether a record names this package digest.
[[nodiscard]] Result<bool> package_named(Connection& connection, std::string_view digest);

/// The record that a content digest belongs to (see Catalog::owner_of_content).
[[nodiscard]] Result<std::optional<LearnwareId>> owner_of_content(Connection& connection,
                                                                  std::string_view digest);
/// Whether a record has a package and no content digest: an earlier version stored it.
[[nodiscard]] Result<bool> has_earlier_packages(Connection& connection);

[[nodiscard]] Result<Counters> read_counters(Connection& connection);
/// Raises each counter that is smaller to the given value. Call it inside a transaction.
[[nodiscard]] Result<void> lift_counters(Connection& connection, const Counters& counters);

/// Stores a record that has all its numbers, with its checksum and its searched text. Call it inside a
/// transaction.
/// @errors conflict, package_duplicate, no_space, io
[[nodiscard]] Result<void> insert_record(Connection& connection, const LearnwareRecord& record);
/// Queues the verification of a record that was just inserted. A record without a package, or a damaged one,
/// gets no job. Call it inside the same transaction.
[[nodiscard]] Result<void> insert_job(Connection& connection, const LearnwareRecord& record,
                                      std::int64_t now_unix_ms);
/// Changes the status of a sound record, which has all its fields, and its checksum. Call it inside the
/// transaction that stores the evidence.
[[nodiscard]] Result<void> set_status(Connection& connection, LearnwareRecord record, Status status);
/// Deletes a record with its job and its verdict; a missing one is no error. Call it inside a transaction.
[[nodiscard]] Result<void> delete_record(Connection& connection, LearnwareNumber sequence);

}  // namespace learndock::catalog
