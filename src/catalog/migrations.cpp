#include "catalog/migrations.hpp"

#include "base/log.hpp"
#include "catalog/record_row.hpp"
#include "catalog/search_text.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

namespace learndock::catalog {
namespace {

constexpr std::int64_t kApplicationId = 0x4c44434b;  // "LDCK" in the file's header

/// Step i leads from schema version i to i + 1. A step that has been released is never changed.
///
/// `learnware` is kept narrow so that listing touches few pages; the binary specifications lie beside it.
/// `counter.next_id` is the number that the next assigned id starts from; it only grows, so an id is never
/// given twice. `counter.version` counts changes; the second step starts it above every index version that
/// was ever shown before: at most the last sequence plus one for each record stored or removed since.
///
/// `search_text` keeps what was indexed: taking a text out of a full-text index needs exactly the text that
/// went in, and another build may fold letters differently. The triggers keep both in step in the transaction
/// of the change. Positions are left out of the index (`detail`), which is what halves it: candidates are
/// compared with the text anyway.
///
/// `verification_job` has a row for each learnware with a package, and so the sixth step queues all that are
/// there. `counter.fencing` is the number of the latest claim of any job, `counter.verdicts` counts changes
/// of a learnware's status.
constexpr std::array<const char*, 6> kSteps = {R"sql(
  CREATE TABLE learnware (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    name TEXT NOT NULL,
    package_digest TEXT NOT NULL,
    package_bytes INTEGER NOT NULL,
    url TEXT NOT NULL,
    created_unix_ms INTEGER NOT NULL,
    semantic_json TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX learnware_id ON learnware (id);
  CREATE UNIQUE INDEX learnware_package ON learnware (package_digest) WHERE package_digest <> '';
  CREATE TABLE statistical (
    sequence INTEGER PRIMARY KEY REFERENCES learnware (sequence),
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counter (name, value) VALUES ('next_id', 1);
)sql",
                                               R"sql(
  INSERT INTO counter (name, value)
    VALUES ('version', 3 * coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'learnware'), 0));
)sql",
                                               R"sql(
  CREATE TABLE search_text (
    sequence INTEGER PRIMARY KEY REFERENCES learnware (sequence),
    text TEXT NOT NULL
  ) STRICT;
  CREATE VIRTUAL TABLE search_trigram USING fts5 (
    text, content = 'search_text', content_rowid = 'sequence', tokenize = 'trigram case_sensitive 1',
    detail = none, columnsize = 0
  );
  CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN
    INSERT INTO search_trigram (rowid, text) VALUES (new.sequence, new.text);
  END;
  CREATE TRIGGER search_text_removed AFTER DELETE ON search_text BEGIN
    INSERT INTO search_trigram (search_trigram, rowid, text) VALUES ('delete', old.sequence, old.text);
  END;
)sql",
                                               R"sql(
  ALTER TABLE learnware ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE learnware ADD COLUMN checksum INTEGER;
)sql",
                                               R"sql(
  ALTER TABLE learnware ADD COLUMN content_digest TEXT NOT NULL DEFAULT '';
  CREATE UNIQUE INDEX learnware_content ON learnware (content_digest) WHERE content_digest <> '';
  CREATE TABLE further (
    sequence INTEGER PRIMARY KEY REFERENCES learnware (sequence),
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX learnware_earlier ON learnware (sequence) WHERE content_digest = '' AND package_digest <> '';
)sql",
                                               R"sql(
  CREATE TABLE verification_job (
    sequence INTEGER PRIMARY KEY REFERENCES learnware (sequence),
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    fencing INTEGER NOT NULL,
    queued_unix_ms INTEGER NOT NULL,
    due_unix_ms INTEGER NOT NULL,
    lease_until_unix_ms INTEGER NOT NULL,
    worker TEXT NOT NULL,
    stage TEXT NOT NULL,
    note TEXT NOT NULL
  ) STRICT;
  CREATE INDEX verification_job_open ON verification_job (queued_unix_ms, sequence)
    WHERE state IN ('waiting', 'running');
  CREATE INDEX verification_job_state ON verification_job (state);
  CREATE INDEX learnware_tried ON learnware (sequence, status) WHERE status <> 'unverified';
  CREATE TABLE verdict (
    sequence INTEGER PRIMARY KEY REFERENCES learnware (sequence),
    outcome TEXT NOT NULL,
    package_digest TEXT NOT NULL,
    checker_version TEXT NOT NULL,
    fencing INTEGER NOT NULL,
    checks_json TEXT NOT NULL,
    figures_json TEXT NOT NULL,
    log TEXT NOT NULL,
    lock_text TEXT NOT NULL,
    finished_unix_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counter (name, value) VALUES ('fencing', 0), ('verdicts', 0);
  INSERT INTO verification_job
    SELECT sequence, 'waiting', 0, 0, created_unix_ms, 0, 0, '', '', '' FROM learnware
    WHERE package_digest <> '';
)sql"};
/// From this version on every record has its row in `search_text`.
constexpr std::int64_t kSearchTextVersion = 3;
/// From this version on every record has its checksum. The checksums of older records were made of the file's
/// content then. Records are read with the columns of the latest version, so that this comes after all steps.
constexpr std::int64_t kChecksumVersion = 4;

constexpr auto kLatestSchema = static_cast<std::int64_t>(kSteps.size());

/// The schema version of a file that passed every check; 0 when it is empty.
Result<std::int64_t> version_of(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t application, connection.integer_of("PRAGMA application_id"));
  LEARNDOCK_TRY(const std::int64_t version, connection.integer_of("PRAGMA user_version"));
  LEARNDOCK_TRY(const std::int64_t tables, connection.integer_of("SELECT count(*) FROM sqlite_schema"));
  const bool empty = application == 0 && version == 0 && tables == 0;
  if (!empty && (application != kApplicationId || version < 1))
    return fail(ErrorCode::corrupt, "this database is not a learndock catalogue", {}, "name another file");
  if (version > kLatestSchema)
    return fail(ErrorCode::unsupported,
                fmt::format("the catalogue has schema version {}, this program reads up to {}", version,
                            kLatestSchema),
                {},
                "open it with the newer version that wrote it; if there was none: learndock check DIR "
                "--repair");
  return version;
}

/// Where the full-text index keeps its content depends on the library.
constexpr std::string_view kParts =
    "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE "
    "'!' "
    "AND name NOT LIKE 'search!_trigram!_%' ESCAPE '!'";

/// Names and definitions of all tables, indexes and triggers.
Result<std::map<std::string, std::string>> parts_of(Connection& connection) {
  LEARNDOCK_TRY(Statement part, connection.prepare(kParts));
  std::map<std::string, std::string> parts;
  while (true) {
    LEARNDOCK_TRY(const bool row, part.step());
    if (!row) return parts;
    parts.emplace(part.bytes(0), part.bytes(1));
  }
}

Result<std::map<std::string, std::string>> latest_parts() {
  LEARNDOCK_TRY(const auto fresh, Connection::open(":memory:", Connection::Mode::create));
  LEARNDOCK_CHECK(migrate(*fresh));
  return parts_of(*fresh);
}

Result<void> fill_search_text(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t count, connection.integer_of("SELECT count(*) FROM learnware"));
  if (count > 0)  // once, and for millions it takes minutes
    log(LogLevel::info, fmt::format("the texts of {} learnwares enter the text index", count));
  LEARNDOCK_TRY(Statement record, connection.prepare("SELECT sequence, name, semantic_json FROM learnware"));
  LEARNDOCK_TRY(Statement insert, connection.prepare(kInsertSearchText));
  while (true) {
    LEARNDOCK_TRY(const bool row, record.step());
    if (!row) return {};
    const std::string text = search_text(record.bytes(1), record.bytes(2));
    LEARNDOCK_CHECK(insert.bind(record.unsigned_integer(0)).bind_text(text).step());
    insert.reset();
  }
}

/// The sequences and checksums of the next records after `last`.
Result<std::vector<std::pair<LearnwareNumber, std::int64_t>>> next_checksums(Connection& connection,
                                                                             LearnwareNumber last) {
  LEARNDOCK_TRY(
      Statement record,
      connection.prepare("SELECT l." LEARNDOCK_COLUMNS ", bytes, NULL FROM learnware l LEFT JOIN "
                         "statistical USING (sequence) WHERE l.sequence > ? ORDER BY 1 LIMIT 1024"));
  record.bind(last.value());
  std::vector<std::pair<LearnwareNumber, std::int64_t>> found;
  while (true) {
    LEARNDOCK_TRY(const bool row, record.step());
    if (!row) return found;
    const LearnwareRecord one = read_record(record, true);
    found.emplace_back(one.sequence, checksum_of(one));
  }
}

/// A record whose id or status cannot be read gets a checksum that does not fit, and so stays damaged.
Result<void> fill_checksums(Connection& connection) {
  LEARNDOCK_TRY(Statement update, connection.prepare("UPDATE learnware SET checksum = ? WHERE sequence = ?"));
  for (LearnwareNumber last;;) {
    LEARNDOCK_TRY(const auto batch, next_checksums(connection, last));
    if (batch.empty()) return {};
    for (const auto& [sequence, checksum] : batch) {
      LEARNDOCK_CHECK(update.bind(checksum).bind(sequence.value()).step());
      update.reset();
    }
    last = batch.back().first;
  }
}

}  // namespace

Result<void> check_schema(Connection& connection) {
  LEARNDOCK_CHECK(version_of(connection));
  return {};
}

Result<bool> is_current(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t version, version_of(connection));
  return version == kLatestSchema;
}

Result<std::vector<std::string>> missing_parts(Connection& connection) {
  LEARNDOCK_TRY(const auto wanted, latest_parts());
  LEARNDOCK_TRY(const auto there, parts_of(connection));
  std::vector<std::string> missing;
  for (const auto& [part, sql] : wanted)
    if (!there.contains(part)) missing.push_back("it has no " + part);
  return missing;
}

Result<std::string> header_problem(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t application, connection.integer_of("PRAGMA application_id"));
  LEARNDOCK_TRY(const std::int64_t version, connection.integer_of("PRAGMA user_version"));
  if (application == kApplicationId && version == kLatestSchema) return std::string();
  LEARNDOCK_TRY(const auto latest, latest_parts());
  LEARNDOCK_TRY(const auto there, parts_of(connection));
  if (there != latest) return std::string();  // another version's, or another program's
  return fmt::format(
      "its head says schema version {} of the program {:08x}, but its tables are those of version {} of "
      "{:08x}",
      version, application, kLatestSchema, kApplicationId);
}

Result<void> write_header(Connection& connection) {
  return connection.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kLatestSchema));
}

Result<void> migrate(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t seen, version_of(connection));
  if (seen == kLatestSchema) return {};
  LEARNDOCK_TRY(Transaction transaction, Transaction::begin(connection));
  // Another process may have migrated between the look and the lock.
  LEARNDOCK_TRY(const std::int64_t version, version_of(connection));
  for (std::int64_t step = version; step < kLatestSchema; ++step)
    LEARNDOCK_CHECK(connection.execute(kSteps[static_cast<std::size_t>(step)]));
  if (version < kSearchTextVersion) LEARNDOCK_CHECK(fill_search_text(connection));
  if (version < kChecksumVersion) LEARNDOCK_CHECK(fill_checksums(connection));
  LEARNDOCK_CHECK(write_header(connection));
  return transaction.commit();
}

}  // namespace learndock::catalog
