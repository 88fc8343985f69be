#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/records.hpp"
#include "learndock/catalog/verification.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::catalog {

/// Numbers that only grow: a catalogue whose numbers are smaller than they once were has lost something.
struct Counters {
  std::uint64_t version = 0;        ///< see `Catalog::version`
  std::uint64_t last_sequence = 0;  ///< the latest sequence that was given to a record
  std::uint64_t next_id = 0;        ///< the number that the next assigned id starts from
};

/// No dock reaches a larger counter; a stored counter above this is damaged.
inline constexpr std::uint64_t kMostCounted = 1'000'000'000'000'000;

/// What the catalogue's indexes say of a record. It is known even when the row is damaged.
struct IndexedName {
  LearnwareNumber sequence;
  std::string id;
  std::string package_digest;  ///< empty: the record has none, or the index lacks it
};

/// Metadata of all learnwares, transactional and durable: what `insert` acknowledged survives a power cut.
/// @threads safe to call concurrently; writers are serialised
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Stores the records in one transaction, in order, and returns them with `sequence`, `created_unix_ms`
  /// and, where `id` was empty, an assigned id. It stores all or none.
  /// @errors conflict (an id is taken; `where` is the id), package_duplicate (a package digest or a content
  /// digest is already present), no_space, io
  [[nodiscard]] virtual Result<std::vector<LearnwareRecord>> insert(
      std::span<const LearnwareRecord> records) = 0;

  /// @errors not_found; corrupt (the record is damaged)
  [[nodiscard]] virtual Result<LearnwareRecord> find(const LearnwareId& id) const = 0;

  /// Stores records under their own sequence, id and time in one transaction, replacing the records that have
  /// these sequences. A sequence of 0 gets the next one; an empty id is assigned. A record with `damage` gets
  /// no checksum and stays damaged. Used for repairs.
  /// @errors conflict, package_duplicate, no_space, io
  [[nodiscard]] virtual Result<std::vector<LearnwareRecord>> put(
      std::span<const LearnwareRecord> records) = 0;

  /// Records with sequence > after, at most `limit`, by insertion order.
  [[nodiscard]] virtual Result<RecordPage> list(std::uint64_t after, std::size_t limit) const = 0;

  /// Removes one learnware and returns its record. `digest_unused`: no other record names its package.
  struct Removed {
    LearnwareRecord record;
    bool digest_unused = false;
  };
  [[nodiscard]] virtual Result<Removed> remove(const LearnwareId& id) = 0;

  /// Calls `visit` for each record by insertion order, one at a time, `statistical` included; stops at its
  /// first failure. The record may be moved from. A damaged record has its `damage` set, also one whose row
  /// cannot be read.
  [[nodiscard]] virtual Result<void> visit_all(
      const std::function<Result<void>(LearnwareRecord&)>& visit) const = 0;

  /// The same for records with first <= sequence <= last.
  [[nodiscard]] virtual Result<void> visit_range(
      LearnwareNumber first, LearnwareNumber last,
      const std::function<Result<void>(LearnwareRecord&)>& visit) const = 0;

  /// Calls `visit` with the sequence and the `further` of each record that has some, ascending. Whether the
  /// record is sound is not checked.
  [[nodiscard]] virtual Result<void> visit_further(
      const std::function<void(LearnwareNumber, std::string_view)>& visit) const = 0;

  /// The sequences of all records, ascending. @cost reads an index, not the records
  [[nodiscard]] virtual Result<std::vector<LearnwareNumber>> sequences() const = 0;

  /// The records that may contain a text, in one state of the catalogue.
  struct TextCandidates {
    bool complete = false;  ///< every record that contains the text is in `sequences`
    std::uint64_t version = 0;
    std::vector<LearnwareNumber> sequences;  ///< ascending
  };
  /// Candidates for a text folded by `text::fold_case`, looked up in names and descriptions; never more than
  /// `limit`. Not complete when there are more, or when the text has fewer than three letters.
  [[nodiscard]] virtual Result<TextCandidates> text_candidates(std::string_view folded,
                                                               std::size_t limit) const = 0;

  [[nodiscard]] virtual Result<std::uint64_t> count() const = 0;

  /// Grows by one with each `insert` and `remove` and is stored: one version never stands for two contents.
  [[nodiscard]] virtual Result<std::uint64_t> version() const = 0;

  [[nodiscard]] virtual Result<Counters> counters() const = 0;
  /// Raises each counter that is smaller. Used for repairs.
  [[nodiscard]] virtual Result<void> raise_counters(const Counters& counters) = 0;

  /// The faults of the file's structure and of the text index, one line each. Contents of records are not
  /// checked. @cost reads the file
  [[nodiscard]] virtual Result<std::vector<std::string>> problems() const = 0;

  /// All records as the indexes have them, by sequence. @errors corrupt (the index of ids is damaged too)
  [[nodiscard]] virtual Result<std::vector<IndexedName>> indexed_names() const = 0;
  /// Whether the checksum stored under the record's sequence is that of this content. Used for repairs.
  [[nodiscard]] virtual Result<bool> was_stored(const LearnwareRecord& record) const = 0;

  /// Writes one state of the catalogue, with everything acknowledged before the call, into a new file. Other
  /// processes may write meanwhile. @errors conflict (the file is there), no_space, io, corrupt
  [[nodiscard]] virtual Result<void> backup_to(const std::filesystem::path& file) const = 0;

  [[nodiscard]] virtual Result<bool> has_id(const LearnwareId& id) const = 0;

  /// @errors not_found
  [[nodiscard]] virtual Result<VerificationStatus> verification(const LearnwareId& id) const = 0;
  [[nodiscard]] virtual Result<JobCounts> verification_counts() const = 0;
  /// Grows with each change of a learnware's status, also by another process.
  [[nodiscard]] virtual Result<std::uint64_t> status_changes() const = 0;
  /// The learnwares whose status is not `unverified`, ascending. @cost reads an index
  [[nodiscard]] virtual Result<std::vector<TriedLearnware>> tried() const = 0;
  /// The statuses of these learnwares; one that is no more is `unverified`.
  [[nodiscard]] virtual Result<std::vector<Status>> statuses(std::span<const LearnwareId> ids) const = 0;

  /// Whether a record names this package digest.
  [[nodiscard]] virtual Result<bool> has_package(std::string_view digest) const = 0;
  /// The learnware whose package was made of this content; none if there is none.
  [[nodiscard]] virtual Result<std::optional<LearnwareId>> owner_of_content(
      std::string_view digest) const = 0;
  /// Whether an earlier version stored packages, whose records have no content digest.
  [[nodiscard]] virtual Result<bool> has_earlier_packages() const = 0;

  /// An id that neither a record has nor any call gives again. For a record whose package names its id.
  /// @errors no_space, io
  [[nodiscard]] virtual Result<LearnwareId> reserve_id() = 0;
};

/// Opens the SQLite catalogue at `file` (WAL, synchronous=FULL), creating it when `create`; migrates older
/// schemas.
/// @errors not_found, corrupt, unsupported (written by a newer version, or an SQLite without FTS5 trigrams),
/// io
[[nodiscard]] Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& file,
                                                                   bool create);

/// The fault of the numbers in the file's head that name the program and the schema's version, when the
/// tables prove that this version wrote the file. Empty when there is no fault, or it is no such file.
/// Changes nothing. @errors io
[[nodiscard]] Result<std::string> header_problem(const std::filesystem::path& file);
/// Corrects these numbers. @errors io, no_space, corrupt
[[nodiscard]] Result<void> mend_header(const std::filesystem::path& file);

/// Opens a catalogue for reading, also where nothing can be written, and beside a process that writes. It
/// changes nothing that was stored; operations that would change something fail with read_only.
/// @param older  a schema of an older version is opened too, though its records cannot be read
/// @errors as above; unsupported (an older version's schema, unless `older`)
[[nodiscard]] Result<std::unique_ptr<Catalog>> read_sqlite_catalog(const std::filesystem::path& file,
                                                                   bool older = false);

}  // namespace learndock::catalog
