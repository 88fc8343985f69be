#include "catalog/record_writer.hpp"

#include "catalog/migrations.hpp"
#include "catalog/record_row.hpp"
#include "catalog/search_text.hpp"
#include "catalog/status.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace learndock::catalog {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO learnware (sequence, id, status, name, package_digest, package_bytes, url, "
    "created_unix_ms, semantic_json, warnings, content_digest, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, "
    "?, ?)";
constexpr std::string_view kInsertStatistical = "INSERT INTO statistical (sequence, bytes) VALUES (?, ?)";
constexpr std::string_view kInsertFurther = "INSERT INTO further (sequence, bytes) VALUES (?, ?)";
constexpr std::string_view kOwnerOfPackage =
    "SELECT id FROM learnware WHERE package_digest = ? AND package_digest <> ''";
constexpr std::string_view kOwnerOfContent =
    "SELECT id FROM learnware WHERE content_digest = ? AND content_digest <> ''";
constexpr std::string_view kHasEarlier =
    "SELECT 1 FROM learnware INDEXED BY learnware_earlier WHERE content_digest = '' AND package_digest <> '' "
    "LIMIT 1";
constexpr std::string_view kHasId = "SELECT 1 FROM learnware WHERE id = ?";
constexpr std::string_view kDelete = "DELETE FROM learnware WHERE sequence = ?";
constexpr std::string_view kDeleteStatistical = "DELETE FROM statistical WHERE sequence = ?";
constexpr std::string_view kDeleteFurther = "DELETE FROM further WHERE sequence = ?";
constexpr std::string_view kDeleteSearchText = "DELETE FROM search_text WHERE sequence = ?";
constexpr std::string_view kDeleteJob = "DELETE FROM verification_job WHERE sequence = ?";
constexpr std::string_view kDeleteVerdict = "DELETE FROM verdict WHERE sequence = ?";
constexpr std::string_view kInsertJob =
    "INSERT INTO verification_job (sequence, state, attempts, fencing, queued_unix_ms, due_unix_ms, "
    "lease_until_unix_ms, worker, stage, note) VALUES (?, 'waiting', 0, 0, ?, 0, 0, '', '', '')";
constexpr std::string_view kSetStatus = "UPDATE learnware SET status = ?, checksum = ? WHERE sequence = ?";
constexpr std::string_view kNextId = "SELECT value FROM counter WHERE name = 'next_id'";
constexpr std::string_view kSetNextId = "UPDATE counter SET value = ? WHERE name = 'next_id'";
/// The counter of AUTOINCREMENT, or the largest stored sequence when damage has made the counter smaller.
constexpr std::string_view kLastSequence =
    "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'learnware'), 0), "
    "coalesce((SELECT max(sequence) FROM learnware), 0))";

constexpr std::string_view kStoredVersion = "SELECT value FROM counter WHERE name = 'version'";
constexpr std::string_view kLiftCounter = "UPDATE counter SET value = max(value, ?) WHERE name = ?";
constexpr std::string_view kLiftSequence =
    "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'learnware'";
constexpr std::string_view kFirstSequence =
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'learnware', 0 WHERE NOT EXISTS (SELECT 1 FROM "
    "sqlite_sequence "
    "WHERE name = 'learnware')";

Result<void> run(Statement& statement) {
  LEARNDOCK_CHECK(statement.step());
  statement.reset();
  return {};
}

/// Only damage makes a counter so large, and it would leave no numbers for new records.
Result<std::int64_t> counter_value(Connection& connection, std::string_view name, std::string_view sql) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
  LEARNDOCK_TRY(const bool row, statement.step());
  if (!row) return fail(ErrorCode::corrupt, fmt::format("the catalogue has lost its counter \"{}\"", name));
  const std::int64_t value = statement.integer(0);
  if (value >= 0 && static_cast<std::uint64_t>(value) <= kMostCounted) return value;
  return fail(ErrorCode::corrupt,
              fmt::format("the catalogue's counter \"{}\" is damaged: it stands at {}", name, value));
}

/// The id of the record that a digest belongs to.
Result<std::optional<std::string>> owner_by(Connection& connection, std::string_view sql,
                                            std::string_view digest) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
  LEARNDOCK_TRY(const bool found, statement.bind_text(digest).step());
  return found ? std::optional(std::string(statement.bytes(0))) : std::nullopt;
}

/// The error for an insert that broke a uniqueness.
Failure explain_conflict(Connection& connection, const LearnwareRecord& record, Error error) {
  auto owner = owner_by(connection, kOwnerOfPackage, record.package_digest);
  if (owner && !*owner) owner = owner_by(connection, kOwnerOfContent, record.content_digest);
  if (!owner) return Failure(std::move(owner).error());
  if (*owner)
    return fail(ErrorCode::package_duplicate,
                "a learnware with exactly these files is already in the catalogue", std::move(**owner),
                "use that learnware, or change the package");
  auto taken = id_taken(connection, record.id);
  if (!taken) return Failure(std::move(taken).error());
  if (*taken)
    return fail(ErrorCode::conflict, fmt::format("the id \"{}\" is taken", record.id.text()),
                record.id.text(), "choose another id, or leave it out to get a free one");
  return Failure(std::move(error));
}

}  // namespace

Result<bool> id_taken(Connection& connection, const LearnwareId& id) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kHasId));
  return statement.bind_text(id.text()).step();
}

Result<bool> package_named(Connection& connection, std::string_view digest) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kOwnerOfPackage));
  return statement.bind_text(digest).step();
}

Result<std::optional<LearnwareId>> owner_of_content(Connection& connection, std::string_view digest) {
  LEARNDOCK_TRY(const auto owner, owner_by(connection, kOwnerOfContent, digest));
  if (!owner) return std::optional<LearnwareId>();
  LEARNDOCK_TRY(LearnwareId id, LearnwareId::create(*owner));
  return std::optional(std::move(id));
}

Result<bool> has_earlier_packages(Connection& connection) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kHasEarlier));
  return statement.step();
}

Result<NumberSource> NumberSource::create(Connection& connection, std::span<const LearnwareRecord> batch) {
  LEARNDOCK_TRY(const std::int64_t next, connection.integer_of(kNextId));
  LEARNDOCK_TRY(const std::int64_t last, connection.integer_of(kLastSequence));
  NumberSource source(connection);
  source.next_id_ = static_cast<std::uint64_t>(next);
  source.last_sequence_ = LearnwareNumber(static_cast<std::uint64_t>(last));
  for (const LearnwareRecord& record : batch)
    if (!record.id.text().empty()) source.reserved_.insert(record.id.text());
  return source;
}

Result<LearnwareId> NumberSource::next_id() {
  while (true) {
    LearnwareId id = LearnwareId::from_number(next_id_++);
    if (reserved_.contains(id.text())) continue;
    LEARNDOCK_TRY(const bool taken, id_taken(*connection_, id));
    if (!taken) return id;
  }
}

Result<void> NumberSource::save() {
  LEARNDOCK_TRY(Statement statement, connection_->prepare(kSetNextId));
  statement.bind(next_id_);
  return run(statement);
}

/// Stores the bytes of a record that lie beside its row, if it has some.
Result<void> insert_bytes(Connection& connection, std::string_view sql, LearnwareNumber sequence,
                          std::string_view bytes) {
  if (bytes.empty()) return {};
  LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
  statement.bind(sequence.value()).bind_blob(bytes);
  return run(statement);
}

Result<void> insert_record(Connection& connection, const LearnwareRecord& record) {
  const std::string warnings = warnings_text(record.warnings);
  LEARNDOCK_TRY(Statement insert, connection.prepare(kInsert));
  insert.bind(record.sequence.value())
      .bind_text(record.id.text())
      .bind_text(status_name(record.status))
      .bind_text(record.name);
  insert.bind_text(record.package_digest).bind(record.package_bytes).bind_text(record.url);
  insert.bind(record.created_unix_ms).bind_text(record.semantic_json).bind_text(warnings);
  insert.bind_text(record.content_digest);
  if (record.damage.empty())
    insert.bind(checksum_of(record));
  else
    insert.bind_null();  // what is damaged stays so
  if (auto done = run(insert); !done) {
    if (!connection.constraint_failed()) return done;
    insert.reset();
    return explain_conflict(connection, record, std::move(done).error());
  }
  const std::string searched = search_text(record.name, record.semantic_json);
  LEARNDOCK_TRY(Statement text, connection.prepare(kInsertSearchText));
  text.bind(record.sequence.value()).bind_text(searched);
  LEARNDOCK_CHECK(run(text));
  LEARNDOCK_CHECK(insert_bytes(connection, kInsertStatistical, record.sequence, record.statistical));
  return insert_bytes(connection, kInsertFurther, record.sequence, record.further);
}

Result<Counters> read_counters(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t version, counter_value(connection, "version", kStoredVersion));
  LEARNDOCK_TRY(const std::int64_t last, counter_value(connection, "last number", kLastSequence));
  LEARNDOCK_TRY(const std::int64_t next, counter_value(connection, "next id", kNextId));
  return Counters{static_cast<std::uint64_t>(version), static_cast<std::uint64_t>(last),
                  static_cast<std::uint64_t>(next)};
}

Result<void> lift_counters(Connection& connection, const Counters& counters) {
  for (const auto& [name, value] :
       {std::pair{"version", counters.version}, std::pair{"next_id", counters.next_id}}) {
    LEARNDOCK_TRY(Statement lift, connection.prepare(kLiftCounter));
    lift.bind(value).bind_text(name);
    LEARNDOCK_CHECK(run(lift));
  }
  LEARNDOCK_TRY(Statement first, connection.prepare(kFirstSequence));
  LEARNDOCK_CHECK(run(first));
  LEARNDOCK_TRY(Statement lift, connection.prepare(kLiftSequence));
  lift.bind(counters.last_sequence);
  return run(lift);
}

Result<void> insert_job(Connection& connection, const LearnwareRecord& record, std::int64_t now_unix_ms) {
  if (record.package_digest.empty() || !record.damage.empty()) return {};
  LEARNDOCK_TRY(Statement insert, connection.prepare(kInsertJob));
  insert.bind(record.sequence.value()).bind(now_unix_ms);
  return run(insert);
}

Result<void> set_status(Connection& connection, LearnwareRecord record, Status status) {
  record.status = status;
  LEARNDOCK_TRY(Statement update, connection.prepare(kSetStatus));
  update.bind_text(status_name(status)).bind(checksum_of(record)).bind(record.sequence.value());
  return run(update);
}

Result<void> delete_record(Connection& connection, LearnwareNumber sequence) {
  for (const std::string_view sql :
       {kDeleteVerdict, kDeleteJob, kDeleteStatistical, kDeleteFurther, kDeleteSearchText, kDelete}) {
    LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
    statement.bind(sequence.value());
    LEARNDOCK_CHECK(run(statement));
  }
  return {};
}

}  // namespace learndock::catalog
