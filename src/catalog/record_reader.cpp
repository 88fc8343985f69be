#include "catalog/record_reader.hpp"

#include "base/log.hpp"
#include "catalog/record_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace learndock::catalog {
namespace {

#define LEARNDOCK_WITH_BYTES                                          \
  LEARNDOCK_COLUMNS                                                   \
  ", (SELECT bytes FROM statistical s WHERE s.sequence = l.sequence)" \
  ", (SELECT bytes FROM further f WHERE f.sequence = l.sequence) FROM learnware l "

constexpr std::string_view kFindById = "SELECT " LEARNDOCK_WITH_BYTES "WHERE id = ?";
constexpr std::string_view kFindBySequence = "SELECT " LEARNDOCK_WITH_BYTES "WHERE sequence = ?";
constexpr std::string_view kVisit = "SELECT l." LEARNDOCK_COLUMNS
                                    ", bytes, (SELECT bytes FROM further f WHERE f.sequence = l.sequence) "
                                    "FROM learnware l LEFT JOIN statistical USING (sequence) WHERE "
                                    "sequence BETWEEN ? AND ? ORDER BY 1";
constexpr std::string_view kList =
    "SELECT " LEARNDOCK_COLUMNS " FROM learnware WHERE sequence > ? ORDER BY sequence LIMIT ?";
constexpr std::string_view kListOne = "SELECT " LEARNDOCK_COLUMNS " FROM learnware WHERE sequence = ?";
constexpr std::string_view kDigests =
    "SELECT sequence, package_digest FROM learnware INDEXED BY learnware_package WHERE package_digest <> ''";
constexpr std::string_view kFurther = "SELECT sequence, bytes FROM further ORDER BY sequence";
constexpr std::string_view kChecksum = "SELECT checksum FROM learnware WHERE sequence = ?";
constexpr std::string_view kIds = "SELECT sequence, id FROM learnware INDEXED BY learnware_id";

using Visit = std::function<Result<bool>(LearnwareRecord&)>;

/// The sequences and ids in the index of ids. They are known even when the rows cannot be read.
Result<std::vector<std::pair<LearnwareNumber, std::string>>> indexed_ids(Connection& connection,
                                                                         LearnwareNumber first) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kIds));
  std::vector<std::pair<LearnwareNumber, std::string>> ids;
  while (true) {
    LEARNDOCK_TRY(const bool row, statement.step());
    if (!row) break;
    const LearnwareNumber sequence(statement.unsigned_integer(0));
    if (sequence >= first) ids.emplace_back(sequence, statement.bytes(1));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

LearnwareRecord unreadable(LearnwareNumber sequence, std::string_view id, std::string damage) {
  LearnwareRecord record;
  record.sequence = sequence;
  record.id = LearnwareId::create(id).value_or(damaged_id(sequence));
  record.damage = std::move(damage);
  return record;
}

/// Reads the rows from `first` on, each by a statement of its own, so that an unreadable row does not stop
/// the others.
Result<void> visit_each(Connection& connection, std::string_view sql, bool with_statistical,
                        LearnwareNumber first, LearnwareNumber last, const Visit& visit) {
  LEARNDOCK_TRY(const auto ids, indexed_ids(connection, first));
  for (const auto& [sequence, id] : ids) {
    if (sequence > last) break;
    LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
    const auto row = statement.bind(sequence.value()).step();
    if (!row && row.error().code != ErrorCode::corrupt) return Failure(row.error());
    LearnwareRecord record = row && *row ? read_record(statement, with_statistical)
                                         : unreadable(sequence, id,
                                                      row ? "the index of ids names it and it has no row"
                                                          : "its row cannot be read: " + row.error().message);
    LEARNDOCK_TRY(const bool more, visit(record));
    if (!more) break;
  }
  return {};
}

/// Reads the rows of a statement. After damage in the file the rest is read one by one.
Result<void> visit_rows(Connection& connection, Statement statement, std::string_view one_by_one,
                        bool with_statistical, LearnwareNumber first, LearnwareNumber last,
                        const Visit& visit) {
  while (true) {
    const auto row = statement.step();
    if (!row && row.error().code == ErrorCode::corrupt) {
      statement.reset();
      log(LogLevel::error, "records are read one by one: " + row.error().message);
      return visit_each(connection, one_by_one, with_statistical, first, last, visit);
    }
    LEARNDOCK_TRY(const bool there, row);
    if (!there) return {};
    LearnwareRecord record = read_record(statement, with_statistical);
    first = LearnwareNumber(record.sequence.value() + 1);
    LEARNDOCK_TRY(const bool more, visit(record));
    if (!more) return {};
  }
}

}  // namespace

Result<LearnwareRecord> find_record(Connection& connection, const LearnwareId& id) {
  LEARNDOCK_TRY(Statement by_id, connection.prepare(kFindById));
  LEARNDOCK_TRY(const bool found, by_id.bind_text(id.text()).step());
  if (found) return read_record(by_id, true);
  if (const LearnwareNumber sequence = sequence_of_damaged_id(id); sequence != LearnwareNumber()) {
    LEARNDOCK_TRY(Statement by_sequence, connection.prepare(kFindBySequence));
    LEARNDOCK_TRY(const bool there, by_sequence.bind(sequence.value()).step());
    if (there) {
      LearnwareRecord record = read_record(by_sequence, true);
      if (record.id == id) return record;  // else its own id can be read, and this is not it
    }
  }
  return fail(ErrorCode::not_found, "no learnware has this id", id.text());
}

Result<LearnwareRecord> find_record(Connection& connection, LearnwareNumber sequence) {
  LEARNDOCK_TRY(Statement by_sequence, connection.prepare(kFindBySequence));
  LEARNDOCK_TRY(const bool found, by_sequence.bind(sequence.value()).step());
  if (found) return read_record(by_sequence, true);
  return fail(ErrorCode::not_found, fmt::format("no learnware has the number {}", sequence.value()));
}

Result<void> visit_records(Connection& connection, LearnwareNumber first, LearnwareNumber last,
                           const std::function<Result<void>(LearnwareRecord&)>& visit) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kVisit));
  statement.bind(first.value()).bind(last.value());
  return visit_rows(connection, std::move(statement), kFindBySequence, true, first, last,
                    [&](LearnwareRecord& record) -> Result<bool> {
                      LEARNDOCK_CHECK(visit(record));
                      return true;
                    });
}

Result<void> visit_further(Connection& connection,
                           const std::function<void(LearnwareNumber, std::string_view)>& visit) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kFurther));
  while (true) {
    LEARNDOCK_TRY(const bool row, statement.step());
    if (!row) return {};
    visit(LearnwareNumber(statement.unsigned_integer(0)), statement.bytes(1));
  }
}

Result<std::vector<IndexedName>> indexed_names(Connection& connection) {
  LEARNDOCK_TRY(const auto ids, indexed_ids(connection, LearnwareNumber()));
  std::vector<IndexedName> names;
  for (const auto& [sequence, id] : ids) names.push_back({sequence, id, {}});
  auto digests = connection.prepare(kDigests);
  while (digests) {
    const auto row = digests->step();
    if (!row || !*row) break;  // without them the ids still help
    const LearnwareNumber sequence(digests->unsigned_integer(0));
    const auto name = std::lower_bound(
        names.begin(), names.end(), sequence,
        [](const IndexedName& one, LearnwareNumber wanted) { return one.sequence < wanted; });
    if (name != names.end() && name->sequence == sequence) name->package_digest = digests->bytes(1);
  }
  return names;
}

Result<bool> was_stored(Connection& connection, const LearnwareRecord& record) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kChecksum));
  const auto row = statement.bind(record.sequence.value()).step();
  if (!row && row.error().code == ErrorCode::corrupt) return false;
  LEARNDOCK_TRY(const bool there, row);
  return there && !statement.is_null(0) && statement.integer(0) == checksum_of(record);
}

Result<RecordPage> list_records(Connection& connection, std::uint64_t after, std::size_t limit) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kList));
  statement.bind(after).bind(std::uint64_t{limit} + 1);
  RecordPage page;
  LEARNDOCK_CHECK(visit_rows(connection, std::move(statement), kListOne, false, LearnwareNumber(after + 1),
                             LearnwareNumber(INT64_MAX), [&](LearnwareRecord& record) -> Result<bool> {
                               if (page.records.size() == limit) {
                                 page.next = page.records.back().sequence.value();
                                 return false;
                               }
                               page.records.push_back(std::move(record));
                               return true;
                             }));
  return page;
}

}  // namespace learndock::catalog
