#include "learndock/base/file.hpp"
#include "learndock/catalog/catalog.hpp"

#include "catalog/migrations.hpp"
#include "catalog/search_text.hpp"
#include "catalog/sql.hpp"
#include "catalog/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>
#include <unordered_set>

namespace learndock::catalog {
namespace {

/// Columns in the order `read_record` takes them.
#define LEARNDOCK_COLUMNS \
  "sequence, id, status, name, package_digest, package_bytes, url, created_unix_ms, semantic_json"

constexpr std::string_view kInsert =
    "INSERT INTO learnware (id, status, name, package_digest, package_bytes, url, created_unix_ms, "
    "semantic_json) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kInsertStatistical = "INSERT INTO statistical (sequence, bytes) VALUES (?, ?)";
constexpr std::string_view kFind = "SELECT " LEARNDOCK_COLUMNS
                                   ", (SELECT bytes FROM statistical s WHERE s.sequence = l.sequence) "
                                   "FROM learnware l WHERE id = ?";
constexpr std::string_view kVisit = "SELECT l." LEARNDOCK_COLUMNS
                                    ", bytes FROM learnware l LEFT JOIN statistical USING (sequence) WHERE "
                                    "sequence BETWEEN ? AND ? ORDER BY 1";
constexpr std::string_view kList =
    "SELECT " LEARNDOCK_COLUMNS " FROM learnware WHERE sequence > ? ORDER BY sequence LIMIT ?";
constexpr std::string_view kOwnerOfPackage =
    "SELECT id FROM learnware WHERE package_digest = ? AND package_digest <> ''";
constexpr std::string_view kHasId = "SELECT 1 FROM learnware WHERE id = ?";
constexpr std::string_view kDelete = "DELETE FROM learnware WHERE sequence = ?";
constexpr std::string_view kDeleteStatistical = "DELETE FROM statistical WHERE sequence = ?";
constexpr std::string_view kDeleteSearchText = "DELETE FROM search_text WHERE sequence = ?";
/// One statement sees one state of the catalogue: its version, then the candidates.
constexpr std::string_view kTextCandidates =
    "SELECT value FROM counter WHERE name = 'version' UNION ALL "
    "SELECT * FROM (SELECT rowid FROM search_trigram WHERE search_trigram MATCH ? ORDER BY rowid LIMIT ?)";
/// Not ordered: that would take the table in place of the much narrower index of ids.
constexpr std::string_view kSequences = "SELECT sequence FROM learnware INDEXED BY learnware_id";
constexpr std::string_view kCount = "SELECT count(*) FROM learnware";
constexpr std::string_view kNextId = "SELECT value FROM counter WHERE name = 'next_id'";
constexpr std::string_view kSetNextId = "UPDATE counter SET value = ? WHERE name = 'next_id'";
constexpr std::string_view kVersion = "SELECT value FROM counter WHERE name = 'version'";
constexpr const char* kCountChange = "UPDATE counter SET value = value + 1 WHERE name = 'version'";
constexpr int kStatisticalColumn = 9;

std::int64_t now_unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// A row as a record; `statistical` is left to the caller.
Result<LearnwareRecord> read_record(const Statement& row) {
  LearnwareRecord record;
  record.sequence = row.unsigned_integer(0);
  auto id = LearnwareId::create(row.bytes(1));
  const auto status = status_of_name(row.bytes(2));
  if (!id || !status)
    return fail(
        ErrorCode::corrupt,
        fmt::format("record {} of the catalogue has an id or a status that cannot be", record.sequence));
  record.id = std::move(*id);
  record.status = *status;
  record.name = row.bytes(3);
  record.package_digest = row.bytes(4);
  record.package_bytes = row.unsigned_integer(5);
  record.url = row.bytes(6);
  record.created_unix_ms = row.integer(7);
  record.semantic_json = row.bytes(8);
  return record;
}

Result<bool> exists(Connection& connection, std::string_view sql, std::string_view key) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
  return statement.bind_text(key).step();
}

Result<void> run(Statement& statement) {
  LEARNDOCK_CHECK(statement.step());
  statement.reset();
  return {};
}

/// Hands out ids that neither the catalogue nor the batch holds.
class IdSource {
 public:
  static Result<IdSource> create(Connection& connection, std::span<const LearnwareRecord> batch) {
    LEARNDOCK_TRY(const std::int64_t next, connection.integer_of(kNextId));
    IdSource source(connection, static_cast<std::uint64_t>(next));
    for (const LearnwareRecord& record : batch)
      if (!record.id.text().empty()) source.reserved_.insert(record.id.text());
    return source;
  }
  Result<LearnwareId> next() {
    while (true) {
      LearnwareId id = LearnwareId::from_number(next_++);
      if (reserved_.contains(id.text())) continue;
      LEARNDOCK_TRY(const bool taken, exists(*connection_, kHasId, id.text()));
      if (!taken) return id;
    }
  }
  Result<void> save() {
    LEARNDOCK_TRY(Statement statement, connection_->prepare(kSetNextId));
    statement.bind(next_);
    return run(statement);
  }

 private:
  IdSource(Connection& connection, std::uint64_t next) : connection_(&connection), next_(next) {}
  Connection* connection_;
  std::uint64_t next_;
  std::unordered_set<std::string> reserved_;
};

/// Which uniqueness an insert has broken.
Failure explain_conflict(Connection& connection, const LearnwareRecord& record, Error error) {
  auto statement = connection.prepare(kOwnerOfPackage);
  if (!statement) return Failure(std::move(statement).error());
  auto found = statement->bind_text(record.package_digest).step();
  if (!found) return Failure(std::move(found).error());
  if (*found)
    return fail(ErrorCode::package_duplicate,
                "a learnware with exactly these files is already in the catalogue",
                std::string(statement->bytes(0)), "use that learnware, or change the package");
  auto taken = exists(connection, kHasId, record.id.text());
  if (!taken) return Failure(std::move(taken).error());
  if (*taken)
    return fail(ErrorCode::conflict, fmt::format("the id \"{}\" is taken", record.id.text()),
                record.id.text(), "choose another id, or leave it out to get a free one");
  return Failure(std::move(error));
}

Result<void> insert_one(Connection& connection, LearnwareRecord& record) {
  LEARNDOCK_TRY(Statement insert, connection.prepare(kInsert));
  insert.bind_text(record.id.text()).bind_text(status_name(record.status)).bind_text(record.name);
  insert.bind_text(record.package_digest).bind(record.package_bytes).bind_text(record.url);
  insert.bind(record.created_unix_ms).bind_text(record.semantic_json);
  if (auto done = run(insert); !done) {
    if (!connection.constraint_failed()) return done;
    insert.reset();
    return explain_conflict(connection, record, std::move(done).error());
  }
  record.sequence = connection.last_sequence();
  const std::string searched = search_text(record.name, record.semantic_json);
  LEARNDOCK_TRY(Statement text, connection.prepare(kInsertSearchText));
  text.bind(record.sequence).bind_text(searched);
  LEARNDOCK_CHECK(run(text));
  if (record.statistical.empty()) return {};
  LEARNDOCK_TRY(Statement statistical, connection.prepare(kInsertStatistical));
  statistical.bind(record.sequence).bind_blob(record.statistical);
  return run(statistical);
}

Result<LearnwareRecord> find_record(Connection& connection, const LearnwareId& id) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(kFind));
  LEARNDOCK_TRY(const bool found, statement.bind_text(id.text()).step());
  if (!found) return fail(ErrorCode::not_found, "no learnware has this id", id.text());
  LEARNDOCK_TRY(LearnwareRecord record, read_record(statement));
  record.statistical = statement.bytes(kStatisticalColumn);
  return record;
}

/// Idle read connections. A reader takes one for the length of its call, so readers never wait for each
/// other.
class ReaderPool {
 public:
  explicit ReaderPool(std::filesystem::path file) : file_(std::move(file)) {}

  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Connection& operator*() const { return *connection_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  Result<Lease> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Lease lease(*this, std::move(idle_.back()));
        idle_.pop_back();
        return lease;
      }
    }
    LEARNDOCK_TRY(auto connection, Connection::open(file_, Connection::Mode::read_only));
    return Lease(*this, std::move(connection));
  }

 private:
  void give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  std::filesystem::path file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(const std::filesystem::path& file, std::unique_ptr<Connection> writer)
      : writer_(std::move(writer)), readers_(file) {}

  [[nodiscard]] Result<std::vector<LearnwareRecord>> insert(
      std::span<const LearnwareRecord> records) override {
    std::vector<LearnwareRecord> stored(records.begin(), records.end());
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    LEARNDOCK_TRY(IdSource ids, IdSource::create(*writer_, records));
    const std::int64_t now = now_unix_ms();
    for (LearnwareRecord& record : stored) {
      record.created_unix_ms = now;
      if (record.id.text().empty()) {
        LEARNDOCK_TRY(record.id, ids.next());
      }
      LEARNDOCK_CHECK(insert_one(*writer_, record));
    }
    LEARNDOCK_CHECK(ids.save());
    LEARNDOCK_CHECK(writer_->execute(kCountChange));
    LEARNDOCK_CHECK(transaction.commit());
    return stored;
  }

  [[nodiscard]] Result<LearnwareRecord> find(const LearnwareId& id) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return find_record(*reader, id);
  }

  [[nodiscard]] Result<RecordPage> list(std::uint64_t after, std::size_t limit) const override {
    constexpr std::size_t kMaxPage = 1'000'000;
    limit = std::min(limit, kMaxPage);
    RecordPage page;
    // No sequence lies beyond the signed range of the column.
    if (limit == 0 || after > static_cast<std::uint64_t>(INT64_MAX)) return page;
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(Statement statement, (*reader).prepare(kList));
    statement.bind(after).bind(std::uint64_t{limit} + 1);
    while (true) {
      LEARNDOCK_TRY(const bool row, statement.step());
      if (!row) return page;
      if (page.records.size() == limit) {
        page.next = page.records.back().sequence;
        return page;
      }
      LEARNDOCK_TRY(LearnwareRecord record, read_record(statement));
      page.records.push_back(std::move(record));
    }
  }

  [[nodiscard]] Result<Removed> remove(const LearnwareId& id) override {
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    Removed removed;
    LEARNDOCK_TRY(removed.record, find_record(*writer_, id));
    for (const std::string_view sql : {kDeleteStatistical, kDeleteSearchText, kDelete}) {
      LEARNDOCK_TRY(Statement statement, writer_->prepare(sql));
      statement.bind(removed.record.sequence);
      LEARNDOCK_CHECK(run(statement));
    }
    LEARNDOCK_TRY(const bool used, exists(*writer_, kOwnerOfPackage, removed.record.package_digest));
    LEARNDOCK_CHECK(writer_->execute(kCountChange));
    removed.digest_unused = !used && !removed.record.package_digest.empty();
    LEARNDOCK_CHECK(transaction.commit());
    return removed;
  }

  [[nodiscard]] Result<void> visit_all(
      const std::function<Result<void>(LearnwareRecord&)>& visit) const override {
    return visit_range(0, std::numeric_limits<std::int64_t>::max(), visit);
  }

  [[nodiscard]] Result<void> visit_range(
      std::uint64_t first, std::uint64_t last,
      const std::function<Result<void>(LearnwareRecord&)>& visit) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(Statement statement, (*reader).prepare(kVisit));
    statement.bind(static_cast<std::int64_t>(first)).bind(static_cast<std::int64_t>(last));
    while (true) {
      LEARNDOCK_TRY(const bool row, statement.step());
      if (!row) return {};
      LEARNDOCK_TRY(LearnwareRecord record, read_record(statement));
      record.statistical = statement.bytes(kStatisticalColumn);
      LEARNDOCK_CHECK(visit(record));
    }
  }

  [[nodiscard]] Result<std::vector<std::uint64_t>> sequences() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(Statement statement, (*reader).prepare(kSequences));
    std::vector<std::uint64_t> all;
    while (true) {
      LEARNDOCK_TRY(const bool row, statement.step());
      if (!row) break;
      all.push_back(statement.unsigned_integer(0));
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  [[nodiscard]] Result<TextCandidates> text_candidates(std::string_view folded,
                                                       std::size_t limit) const override {
    TextCandidates found;
    const std::optional<std::string> query = trigram_query(folded);
    if (!query) return found;
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(Statement statement, (*reader).prepare(kTextCandidates));
    statement.bind_text(*query).bind(std::uint64_t{limit} + 1);
    LEARNDOCK_CHECK(statement.step());
    found.version = statement.unsigned_integer(0);
    while (true) {
      LEARNDOCK_TRY(const bool row, statement.step());
      found.complete = !row;
      if (!row || found.sequences.size() == limit) return found;
      found.sequences.push_back(statement.unsigned_integer(0));
    }
  }

  [[nodiscard]] Result<std::uint64_t> count() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(const std::int64_t number, (*reader).integer_of(kCount));
    return static_cast<std::uint64_t>(number);
  }

  [[nodiscard]] Result<std::uint64_t> version() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(const std::int64_t number, (*reader).integer_of(kVersion));
    return static_cast<std::uint64_t>(number);
  }

  [[nodiscard]] Result<bool> has_id(const LearnwareId& id) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return exists(*reader, kHasId, id.text());
  }

  [[nodiscard]] Result<bool> has_package(std::string_view digest) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return exists(*reader, kOwnerOfPackage, digest);
  }

 private:
  std::mutex write_mutex_;
  std::unique_ptr<Connection>
      writer_;  ///< outlives the readers: the last to close folds the log into the file
  mutable ReaderPool readers_;
};

/// Write-ahead log: readers go on while a writer works, and a commit is one flush.
Result<void> use_write_ahead_log(Connection& writer) {
  LEARNDOCK_TRY(Statement statement, writer.prepare("PRAGMA journal_mode = WAL"));
  LEARNDOCK_TRY(const bool row, statement.step());
  if (row && statement.bytes(0) == "wal") return {};
  return fail(ErrorCode::io, "the file system of the catalogue allows no write-ahead log", {},
              "put the dock on a local disk");
}

Result<std::unique_ptr<Catalog>> open_catalog(const std::filesystem::path& file, bool create) {
  LEARNDOCK_CHECK(check_text_search());
  LEARNDOCK_TRY(auto writer,
                Connection::open(file, create ? Connection::Mode::create : Connection::Mode::read_write));
  // Before anything is written: another program's database stays as it is.
  LEARNDOCK_CHECK(check_schema(*writer));
  LEARNDOCK_CHECK(use_write_ahead_log(*writer));
  LEARNDOCK_CHECK(writer->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"));
  LEARNDOCK_CHECK(migrate(*writer));
  if (create) LEARNDOCK_CHECK(sync_directory(file.has_parent_path() ? file.parent_path() : "."));
  return std::make_unique<SqliteCatalog>(file, std::move(writer));
}

}  // namespace

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& file, bool create) {
  auto catalog = open_catalog(file, create);
  if (catalog || !catalog.error().where.empty()) return catalog;
  return pass_on(std::move(catalog).error(), file.string());
}

}  // namespace learndock::catalog
