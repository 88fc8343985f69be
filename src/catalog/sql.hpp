#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace learndock::catalog {

/// A prepared statement in use. It goes back to its connection reset when it leaves scope.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  ~Statement();
  Statement(Statement&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), next_(other.next_) {}
  Statement& operator=(Statement&&) = delete;

  /// These bind values in the order of the placeholders. Text and blobs must outlive the statement's use.
  Statement& bind(std::uint64_t value);
  Statement& bind(std::int64_t value);
  Statement& bind_null();
  Statement& bind_text(std::string_view text);
  Statement& bind_blob(std::string_view bytes);

  /// True: a row is ready. False: done. @errors see `sql_error`
  [[nodiscard]] Result<bool> step();
  /// Makes the statement ready to be bound and stepped again.
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::uint64_t unsigned_integer(int column) const {
    return static_cast<std::uint64_t>(integer(column));
  }
  /// Text or blob bytes; valid until the next step.
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  void check(int code);
  sqlite3_stmt* handle_;
  int next_ = 1;
  int bind_failure_ = 0;  ///< first failed bind; reported by step
};

/// One connection to the database. Not safe to use from two threads at once.
class Connection {
 public:
  enum class Mode {
    read_only,
    immutable,  ///< no other process writes: works where nothing can be written, and knows no write-ahead log
    read_write,
    create
  };
  /// @errors not_found, corrupt, no_space, io
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements that return nothing of interest.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  /// A statement, prepared once per connection. `sql` is a literal: its address is the key.
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The one integer that a statement returns.
  [[nodiscard]] Result<std::int64_t> integer_of(std::string_view sql);
  [[nodiscard]] std::uint64_t last_sequence() const;
  /// Writes one state of this database into a new file, in one read transaction.
  /// @errors conflict (there is a file), no_space, io, corrupt
  [[nodiscard]] Result<void> copy_to(const std::filesystem::path& file);
  /// Whether the last failure was a uniqueness or other constraint.
  [[nodiscard]] bool constraint_failed() const;

 private:
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_;
  std::unordered_map<const char*, sqlite3_stmt*> prepared_;
};

/// Checks that SQLite can index trigrams of text. @errors unsupported
[[nodiscard]] Result<void> check_text_search();
/// The same check for a library of this version (3.40.1 is 3040001), built with FTS5 or not.
[[nodiscard]] Result<void> check_text_search(int version_number, bool with_fts5);

/// A write transaction; rolled back unless committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Connection& connection);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace learndock::catalog
