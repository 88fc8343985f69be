// The only file that includes SQLite.
#include "catalog/sql.hpp"

#include "base/log.hpp"
#include "io/file.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cctype>
#include <cerrno>

namespace learndock::catalog {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr int kCopyTries = 100, kCopyPauseMs = 100;

/// Maps the library's error codes to ours. A full disk shows as FULL, or as a failed write with the system's
/// reason beside it.
Failure sql_error(sqlite3* handle, std::string_view doing) {
  const int code = sqlite3_extended_errcode(handle);
  const int system_code = sqlite3_system_errno(handle);
  std::string message = fmt::format("the catalogue cannot {}: {}", doing, sqlite3_errmsg(handle));
  const bool no_room = system_code == ENOSPC || system_code == EDQUOT || system_code == EFBIG;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fail(ErrorCode::no_space, std::move(message), {},
                  "free some space or raise the quota, then try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // statements are literals of this program: a table is not what it was
    case SQLITE_MISMATCH:
    case SQLITE_FORMAT:
      return fail(ErrorCode::corrupt, std::move(message), {},
                  "mend what can be mended: learndock check DIR --repair; or restore a backup");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::unavailable, std::move(message), {},
                  "another program holds the catalogue; try again");
    case SQLITE_CONSTRAINT:
      return fail(ErrorCode::conflict, std::move(message));
    case SQLITE_TOOBIG:
      return fail(ErrorCode::too_large, std::move(message));
    case SQLITE_IOERR:
      if (no_room || code == SQLITE_IOERR_SHMSIZE)
        return fail(ErrorCode::no_space, std::move(message), {},
                    "free some space or raise the quota, then try again");
      return fail(ErrorCode::io, std::move(message));
    default:
      return fail(ErrorCode::io, std::move(message));
  }
}

/// "file:/path?immutable=1" with every byte escaped that a URI could take for its own.
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return uri + "?immutable=1";
}

}  // namespace

Statement::~Statement() {
  if (handle_ != nullptr) reset();
}

void Statement::check(int code) {
  if (code != SQLITE_OK && bind_failure_ == 0) bind_failure_ = code;
}
Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(handle_, next_++, value));
  return *this;
}
Statement& Statement::bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
Statement& Statement::bind_null() {
  check(sqlite3_bind_null(handle_, next_++));
  return *this;
}
Statement& Statement::bind_text(std::string_view text) {
  // An empty view may hold a null pointer, which would bind NULL.
  check(sqlite3_bind_text64(handle_, next_++, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind_blob(std::string_view bytes) {
  check(
      sqlite3_bind_blob64(handle_, next_++, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC));
  return *this;
}

Result<bool> Statement::step() {
  if (bind_failure_ != 0) return sql_error(sqlite3_db_handle(handle_), "take a value");
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sql_error(sqlite3_db_handle(handle_), "run a statement");
}

void Statement::reset() {
  // Its return code repeats the failure of the last step, which was reported there.
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  next_ = 1;
  bind_failure_ = 0;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Mode mode) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const bool writes = mode == Mode::read_write || mode == Mode::create;
  flags |= writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  if (mode == Mode::immutable) flags |= SQLITE_OPEN_URI;
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const std::string name = mode == Mode::immutable ? immutable_uri(file) : file.string();
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code != SQLITE_OK) {
    const int system_code = sqlite3_system_errno(handle);
    if (system_code != 0) return Failure(io::system_error(system_code, "open", file));
    return sql_error(handle, "be opened");
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Result<void> Connection::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return sql_error(handle_, "run a statement");
  return {};
}

Result<Statement> Connection::prepare(std::string_view sql) {
  if (const auto found = prepared_.find(sql.data()); found != prepared_.end())
    return Statement(found->second);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK)
    return sql_error(handle_, "prepare a statement");
  prepared_.emplace(sql.data(), statement);
  return Statement(statement);
}

Result<std::int64_t> Connection::integer_of(std::string_view sql) {
  LEARNDOCK_TRY(Statement statement, prepare(sql));
  LEARNDOCK_TRY(const bool row, statement.step());
  if (!row) return fail(ErrorCode::corrupt, "the catalogue answered without a row");
  return statement.integer(0);
}

Result<void> Connection::copy_to(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error))
    return fail(ErrorCode::conflict, "there is a file of this name", file.string(), "choose a new folder");
  LEARNDOCK_TRY(const auto target, open(file, Mode::create));
  sqlite3_backup* const copy = sqlite3_backup_init(target->handle_, "main", handle_, "main");
  if (copy == nullptr) return sql_error(target->handle_, "be copied");
  // All pages in one step: one read transaction, which writers in other processes do not disturb.
  int code = SQLITE_BUSY;
  for (int tries = 0; tries < kCopyTries && (code == SQLITE_BUSY || code == SQLITE_LOCKED); ++tries) {
    if (tries > 0) sqlite3_sleep(kCopyPauseMs);
    code = sqlite3_backup_step(copy, -1);
  }
  const int finished = sqlite3_backup_finish(copy);
  // Without a log of its own the copy is one file, also after it was read.
  if (code == SQLITE_DONE && finished == SQLITE_OK) return target->execute("PRAGMA journal_mode = DELETE");
  // The library leaves a failure to read with the source, one to write with the copy.
  return sql_error((sqlite3_errcode(handle_) & 0xff) > SQLITE_OK && sqlite3_errcode(handle_) < SQLITE_ROW
                       ? handle_
                       : target->handle_,
                   "be copied");
}

std::uint64_t Connection::last_sequence() const {
  return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(handle_));
}
bool Connection::constraint_failed() const {
  return (sqlite3_extended_errcode(handle_) & 0xff) == SQLITE_CONSTRAINT;
}

Result<void> check_text_search() {
  return check_text_search(sqlite3_libversion_number(), sqlite3_compileoption_used("ENABLE_FTS5") != 0);
}

Result<void> check_text_search(int version_number, bool with_fts5) {
  constexpr int kFirstWithTrigrams = 3'034'000;
  if (version_number >= kFirstWithTrigrams && with_fts5) return {};
  return fail(
      ErrorCode::unsupported,
      fmt::format("SQLite {}.{}.{}{} cannot index text by trigrams", version_number / 1'000'000,
                  version_number / 1000 % 1000, version_number % 1000, with_fts5 ? "" : " without FTS5"),
      {}, "run learndock with SQLite 3.34 or later, built with FTS5");
}

Result<Transaction> Transaction::begin(Connection& connection) {
  LEARNDOCK_CHECK(connection.execute("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

Transaction::~Transaction() {
  // After some failures (a full disk) the library has rolled back by itself, and this one says so; either way
  // nothing of the transaction remains, and the failure itself was reported by the statement that met it.
  if (connection_ == nullptr) return;
  if (auto undone = connection_->execute("ROLLBACK"); !undone)
    log(LogLevel::debug, "roll back: " + undone.error().message);
}

Result<void> Transaction::commit() {
  LEARNDOCK_CHECK(connection_->execute("COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace learndock::catalog
