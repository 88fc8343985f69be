#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/records.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::catalog {

/// Metadata of all learnwares, transactional and durable: what `insert` acknowledged survives kill -9.
/// @threads safe to call concurrently; writers are serialised
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Stores the records in one transaction, in order, and returns them with `sequence`, `created_unix_ms`
  /// and, where `id` was empty, an assigned id. All or none.
  /// @errors conflict (an id is taken; `where` is the id), package_duplicate (a package digest is already
  /// present),
  ///         no_space, io
  [[nodiscard]] virtual Result<std::vector<LearnwareRecord>> insert(
      std::span<const LearnwareRecord> records) = 0;

  /// @errors not_found
  [[nodiscard]] virtual Result<LearnwareRecord> find(const LearnwareId& id) const = 0;

  /// Records with sequence > after, at most `limit`, by insertion order.
  [[nodiscard]] virtual Result<RecordPage> list(std::uint64_t after, std::size_t limit) const = 0;

  /// Removes one learnware and returns what it was. `digest_unused` tells whether no other record names its
  /// package.
  struct Removed {
    LearnwareRecord record;
    bool digest_unused = false;
  };
  [[nodiscard]] virtual Result<Removed> remove(const LearnwareId& id) = 0;

  /// Calls `visit` for each record by insertion order, one at a time, `statistical` included; stops at its
  /// first failure. The record may be moved from.
  [[nodiscard]] virtual Result<void> visit_all(
      const std::function<Result<void>(LearnwareRecord&)>& visit) const = 0;

  /// The same for records with first <= sequence <= last.
  [[nodiscard]] virtual Result<void> visit_range(
      std::uint64_t first, std::uint64_t last,
      const std::function<Result<void>(LearnwareRecord&)>& visit) const = 0;

  /// The sequences of all records, ascending. @cost reads an index, not the records
  [[nodiscard]] virtual Result<std::vector<std::uint64_t>> sequences() const = 0;

  /// Which records may contain a text, in one state of the catalogue.
  struct TextCandidates {
    bool complete = false;  ///< every record that contains the text is among them
    std::uint64_t version = 0;
    std::vector<std::uint64_t> sequences;  ///< ascending
  };
  /// Candidates for a text folded by `index::fold_case`, looked up in names and descriptions; never more than
  /// `limit`. Not complete when there are more, or when the text has fewer than three letters.
  [[nodiscard]] virtual Result<TextCandidates> text_candidates(std::string_view folded,
                                                               std::size_t limit) const = 0;

  [[nodiscard]] virtual Result<std::uint64_t> count() const = 0;

  /// Grows by one with each `insert` and `remove` and is kept: one number never stands for two contents.
  [[nodiscard]] virtual Result<std::uint64_t> version() const = 0;

  [[nodiscard]] virtual Result<bool> has_id(const LearnwareId& id) const = 0;

  /// Whether a record names this package digest.
  [[nodiscard]] virtual Result<bool> has_package(std::string_view digest) const = 0;
};

/// Opens the SQLite catalogue at `file` (WAL, synchronous=FULL), creating it when `create`; migrates older
/// schemas.
/// @errors not_found, corrupt, unsupported (written by a newer version, or an SQLite without FTS5 trigrams),
/// io
[[nodiscard]] Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& file,
                                                                   bool create);

}  // namespace learndock::catalog
