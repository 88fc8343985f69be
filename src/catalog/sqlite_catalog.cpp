#include "base/crash_point.hpp"
#include "catalog/catalog.hpp"
#include "catalog/migrations.hpp"
#include "catalog/record_reader.hpp"
#include "catalog/record_writer.hpp"
#include "catalog/search_text.hpp"
#include "catalog/sql.hpp"
#include "catalog/status.hpp"
#include "catalog/structure_check.hpp"
#include "catalog/verification_rows.hpp"
#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <limits>
#include <mutex>
#include <optional>
#include <unistd.h>

namespace learndock::catalog {
namespace {

/// One statement sees one state of the catalogue: its version, then the candidates.
constexpr std::string_view kTextCandidates =
    "SELECT value FROM counter WHERE name = 'version' UNION ALL "
    "SELECT * FROM (SELECT rowid FROM search_trigram WHERE search_trigram MATCH ? ORDER BY rowid LIMIT ?)";
/// Not ordered: sorting would read the table instead of the much narrower index of ids.
constexpr std::string_view kSequences = "SELECT sequence FROM learnware INDEXED BY learnware_id";
constexpr std::string_view kCount = "SELECT count(*) FROM learnware";
constexpr std::string_view kVersion = "SELECT value FROM counter WHERE name = 'version'";
constexpr std::string_view kStatusOfId = "SELECT status FROM learnware WHERE id = ?";
constexpr const char* kCountChange = "UPDATE counter SET value = value + 1 WHERE name = 'version'";

std::int64_t now_unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// Idle read connections. A reader takes one for the length of its call, so readers never wait for each
/// other.
class ReaderPool {
 public:
  ReaderPool(std::filesystem::path file, Connection::Mode mode) : file_(std::move(file)), mode_(mode) {}

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
    LEARNDOCK_TRY(auto connection, Connection::open(file_, mode_));
    return Lease(*this, std::move(connection));
  }

 private:
  void give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  std::filesystem::path file_;
  Connection::Mode mode_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

class SqliteCatalog final : public Catalog {
 public:
  /// @param writer  null: for reading only
  SqliteCatalog(const std::filesystem::path& file, std::unique_ptr<Connection> writer,
                Connection::Mode reading = Connection::Mode::read_only)
      : writer_(std::move(writer)), readers_(file, reading) {}

  [[nodiscard]] Result<std::vector<LearnwareRecord>> insert(
      std::span<const LearnwareRecord> records) override {
    std::vector<LearnwareRecord> stored(records.begin(), records.end());
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_CHECK(writable());
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    LEARNDOCK_TRY(NumberSource numbers, NumberSource::create(*writer_, records));
    const std::int64_t now = now_unix_ms();
    for (LearnwareRecord& record : stored) {
      record.created_unix_ms = now;
      record.status = Status::unverified;  // whatever it once was, this dock has no evidence of it
      record.sequence = numbers.next_sequence();
      if (record.id.text().empty()) {
        LEARNDOCK_TRY(record.id, numbers.next_id());
      }
      LEARNDOCK_CHECK(insert_record(*writer_, record));
      crash_point("insert.record");
      LEARNDOCK_CHECK(insert_job(*writer_, record, now));
      crash_point("insert.job");
    }
    LEARNDOCK_CHECK(numbers.save());
    LEARNDOCK_CHECK(writer_->execute(kCountChange));
    LEARNDOCK_CHECK(transaction.commit());
    crash_point("insert.committed");
    return stored;
  }

  [[nodiscard]] Result<std::vector<LearnwareRecord>> put(std::span<const LearnwareRecord> records) override {
    std::vector<LearnwareRecord> stored(records.begin(), records.end());
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_CHECK(writable());
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    LEARNDOCK_TRY(NumberSource numbers, NumberSource::create(*writer_, records));
    for (LearnwareRecord& record : stored) {
      record.status = Status::unverified;  // its verdict goes with the row that it replaces
      if (record.created_unix_ms == 0) record.created_unix_ms = now_unix_ms();
      if (record.sequence == LearnwareNumber())
        record.sequence = numbers.next_sequence();
      else
        LEARNDOCK_CHECK(delete_record(*writer_, record.sequence));
      if (record.id.text().empty()) {
        LEARNDOCK_TRY(record.id, numbers.next_id());
      }
      LEARNDOCK_CHECK(insert_record(*writer_, record));
      LEARNDOCK_CHECK(insert_job(*writer_, record, now_unix_ms()));
    }
    LEARNDOCK_CHECK(numbers.save());
    LEARNDOCK_CHECK(writer_->execute(kCountChange));
    LEARNDOCK_CHECK(transaction.commit());
    return stored;
  }

  [[nodiscard]] Result<LearnwareRecord> find(const LearnwareId& id) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(LearnwareRecord record, find_record(*reader, id));
    if (record.damage.empty()) return record;
    return fail(ErrorCode::corrupt,
                fmt::format("the record of learnware {} is damaged: {}", id.text(), record.damage), {},
                "the dock's owner mends it: learndock check DIR --repair");
  }

  [[nodiscard]] Result<RecordPage> list(std::uint64_t after, std::size_t limit) const override {
    constexpr std::size_t kMaxPage = 1'000'000;
    limit = std::min(limit, kMaxPage);
    // No sequence lies beyond the signed range of the column.
    if (limit == 0 || after >= static_cast<std::uint64_t>(INT64_MAX)) return RecordPage();
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return list_records(*reader, after, limit);
  }

  [[nodiscard]] Result<Removed> remove(const LearnwareId& id) override {
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_CHECK(writable());
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    Removed removed;
    LEARNDOCK_TRY(removed.record, find_record(*writer_, id));
    LEARNDOCK_CHECK(delete_record(*writer_, removed.record.sequence));
    crash_point("remove.record");
    LEARNDOCK_TRY(const bool used, package_named(*writer_, removed.record.package_digest));
    LEARNDOCK_CHECK(writer_->execute(kCountChange));
    removed.digest_unused = !used && !removed.record.package_digest.empty();
    LEARNDOCK_CHECK(transaction.commit());
    return removed;
  }

  [[nodiscard]] Result<void> visit_all(
      const std::function<Result<void>(LearnwareRecord&)>& visit) const override {
    return visit_range(LearnwareNumber(), LearnwareNumber(INT64_MAX), visit);
  }

  [[nodiscard]] Result<void> visit_range(
      LearnwareNumber first, LearnwareNumber last,
      const std::function<Result<void>(LearnwareRecord&)>& visit) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return visit_records(*reader, first, last, visit);
  }

  [[nodiscard]] Result<void> visit_further(
      const std::function<void(LearnwareNumber, std::string_view)>& visit) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return catalog::visit_further(*reader, visit);
  }

  [[nodiscard]] Result<std::vector<LearnwareNumber>> sequences() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(Statement statement, (*reader).prepare(kSequences));
    std::vector<LearnwareNumber> all;
    while (true) {
      LEARNDOCK_TRY(const bool row, statement.step());
      if (!row) break;
      all.emplace_back(statement.unsigned_integer(0));
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
      found.sequences.emplace_back(statement.unsigned_integer(0));
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

  [[nodiscard]] Result<Counters> counters() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return read_counters(*reader);
  }

  [[nodiscard]] Result<void> raise_counters(const Counters& counters) override {
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_CHECK(writable());
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    LEARNDOCK_CHECK(lift_counters(*writer_, counters));
    return transaction.commit();
  }

  [[nodiscard]] Result<std::vector<std::string>> problems() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return structure_problems(*reader);
  }

  [[nodiscard]] Result<std::vector<IndexedName>> indexed_names() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return catalog::indexed_names(*reader);
  }

  [[nodiscard]] Result<bool> was_stored(const LearnwareRecord& record) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return catalog::was_stored(*reader, record);
  }

  [[nodiscard]] Result<void> backup_to(const std::filesystem::path& file) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_CHECK((*reader).copy_to(file));
    return io::sync_folder_of(file);
  }

  [[nodiscard]] Result<bool> has_id(const LearnwareId& id) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return id_taken(*reader, id);
  }

  [[nodiscard]] Result<VerificationStatus> verification(const LearnwareId& id) const override {
    LEARNDOCK_TRY(const LearnwareRecord record, find(id));
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return verification_of(*reader, record);
  }

  [[nodiscard]] Result<JobCounts> verification_counts() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return job_counts(*reader);
  }

  [[nodiscard]] Result<std::uint64_t> status_changes() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return catalog::status_changes(*reader);
  }

  [[nodiscard]] Result<std::vector<TriedLearnware>> tried() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return tried_learnwares(*reader);
  }

  [[nodiscard]] Result<std::vector<Status>> statuses(std::span<const LearnwareId> ids) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    LEARNDOCK_TRY(Statement row, (*reader).prepare(kStatusOfId));
    std::vector<Status> all;
    for (const LearnwareId& id : ids) {
      LEARNDOCK_TRY(const bool found, row.bind_text(id.text()).step());
      all.push_back(found ? status_of_name(row.bytes(0)).value_or(Status::unverified) : Status::unverified);
      row.reset();
    }
    return all;
  }

  [[nodiscard]] Result<bool> has_package(std::string_view digest) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return package_named(*reader, digest);
  }

  [[nodiscard]] Result<std::optional<LearnwareId>> owner_of_content(std::string_view digest) const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return catalog::owner_of_content(*reader, digest);
  }

  [[nodiscard]] Result<bool> has_earlier_packages() const override {
    LEARNDOCK_TRY(const auto reader, readers_.take());
    return catalog::has_earlier_packages(*reader);
  }

  [[nodiscard]] Result<LearnwareId> reserve_id() override {
    const std::lock_guard lock(write_mutex_);
    LEARNDOCK_CHECK(writable());
    LEARNDOCK_TRY(Transaction transaction, Transaction::begin(*writer_));
    LEARNDOCK_TRY(NumberSource numbers, NumberSource::create(*writer_, {}));
    LEARNDOCK_TRY(LearnwareId id, numbers.next_id());
    LEARNDOCK_CHECK(numbers.save());
    LEARNDOCK_CHECK(transaction.commit());
    return id;
  }

 private:
  [[nodiscard]] Result<void> writable() const {
    if (writer_) return {};
    return fail(ErrorCode::read_only, "the dock is open for reading only", {},
                "see why its folder cannot be written, then open it again");
  }

  std::mutex write_mutex_;
  std::unique_ptr<Connection>
      writer_;  ///< outlives the readers: the last to close folds the log into the file
  mutable ReaderPool readers_;
};

/// Turns on the write-ahead log: readers go on while a writer works, and a commit is one flush.
Result<void> use_write_ahead_log(Connection& writer) {
  LEARNDOCK_TRY(Statement statement, writer.prepare("PRAGMA journal_mode = WAL"));
  LEARNDOCK_TRY(const bool row, statement.step());
  if (row && statement.bytes(0) == "wal") return {};
  return fail(ErrorCode::io, "the file system of the catalogue allows no write-ahead log", {},
              "put the dock on a local disk");
}

/// SQLite would let every local user read the file; its log and shared memory get the rights of the file.
Result<void> create_for_owner(const std::filesystem::path& file) {
  const io::Descriptor made(io::disk::open(file, O_RDWR | O_CREAT | O_EXCL, io::kOwnerFile));
  if (made.get() >= 0 || errno == EEXIST) return {};
  return Failure(io::system_error(errno, "create", file));
}

Result<std::unique_ptr<Catalog>> open_catalog(const std::filesystem::path& file, bool create) {
  LEARNDOCK_CHECK(check_text_search());
  if (create) LEARNDOCK_CHECK(create_for_owner(file));
  LEARNDOCK_TRY(auto writer,
                Connection::open(file, create ? Connection::Mode::create : Connection::Mode::read_write));
  // Before anything is written: another program's database stays as it is.
  LEARNDOCK_CHECK(check_schema(*writer));
  LEARNDOCK_CHECK(use_write_ahead_log(*writer));
  LEARNDOCK_CHECK(writer->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"));
  LEARNDOCK_CHECK(migrate(*writer));
  if (create) LEARNDOCK_CHECK(io::sync_folder_of(file));
  return std::make_unique<SqliteCatalog>(file, std::move(writer));
}

/// Whether the file's folder cannot be written. A write-ahead log in it is still read then.
bool nothing_to_write(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (::access(folder.c_str(), W_OK) == 0) return false;
  std::error_code error;
  const auto log_bytes = std::filesystem::file_size(file.string() + "-wal", error);
  return error || log_bytes == 0;
}

Result<std::unique_ptr<Catalog>> open_for_reading(const std::filesystem::path& file, bool older) {
  LEARNDOCK_CHECK(check_text_search());
  const auto mode = nothing_to_write(file) ? Connection::Mode::immutable : Connection::Mode::read_only;
  LEARNDOCK_TRY(const auto first, Connection::open(file, mode));
  LEARNDOCK_TRY(const bool current, is_current(*first));
  if (!current && !older)
    return fail(ErrorCode::unsupported, "the catalogue was written by an earlier version of learndock", {},
                "open the dock once where it can be written; it is then brought up to date");
  return std::make_unique<SqliteCatalog>(file, nullptr, mode);
}

Result<std::unique_ptr<Catalog>> naming(Result<std::unique_ptr<Catalog>> catalog,
                                        const std::filesystem::path& file) {
  if (catalog || !catalog.error().where.empty()) return catalog;
  return pass_on(std::move(catalog).error(), file.string());
}

}  // namespace

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& file, bool create) {
  return naming(open_catalog(file, create), file);
}

Result<std::string> header_problem(const std::filesystem::path& file) {
  const auto look = [&]() -> Result<std::string> {
    const auto mode = nothing_to_write(file) ? Connection::Mode::immutable : Connection::Mode::read_only;
    LEARNDOCK_TRY(const auto connection, Connection::open(file, mode));
    return header_problem(*connection);
  };
  auto problem = look();
  if (problem || problem.error().code == ErrorCode::io) return problem;
  return std::string();  // readers find any other fault
}

Result<void> mend_header(const std::filesystem::path& file) {
  LEARNDOCK_TRY(const auto connection, Connection::open(file, Connection::Mode::read_write));
  LEARNDOCK_TRY(const std::string problem, header_problem(*connection));
  return problem.empty() ? Result<void>() : write_header(*connection);
}

Result<std::unique_ptr<Catalog>> read_sqlite_catalog(const std::filesystem::path& file, bool older) {
  return naming(open_for_reading(file, older), file);
}

}  // namespace learndock::catalog
