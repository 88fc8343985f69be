#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"
#include "learnwares/entry_file.hpp"
#include "learnwares/snapshot.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace learndock::dock {

/// A record as the search engine takes it, but for its self term, which is computed for many at once.
/// @param kernels  in force: the specification gets its group's gamma
/// @errors json_*, semantic_*, spec_*
[[nodiscard]] Result<learnwares::EntryFields> entry_fields(const catalog::LearnwareRecord& record,
                                                           const specification::SpaceKernels& kernels = {});

/// Whether the learnware of this catalogue number has its reduced set in a stored part.
using HeldByPart = std::function<bool(std::uint64_t sequence)>;

struct LoadOptions {
  const specification::SpaceKernels& kernels;
  unsigned threads = 1;
  HeldByPart held;  ///< what it names is not kept in memory; may be called from many threads
  std::size_t write_from = SIZE_MAX;  ///< entries that the file lacks, see pays_to_write
};

/// A record that searches leave out, because its content cannot be trusted.
struct DamagedRecord {
  std::uint64_t sequence = 0;
  LearnwareId id;
  std::string why;
};

struct LoadedEntries {
  std::vector<std::shared_ptr<const learnwares::Entry>> entries;
  std::vector<DamagedRecord> damaged;                 ///< have no entry
  std::shared_ptr<const learnwares::EntryFile> file;  ///< that some of them point into; null: none
  /// The catalogue number of the last learnware in the file; 0: there is none.
  [[nodiscard]] std::uint64_t stored_to() const { return file ? file->sequences().back() : 0; }
};

/// The entries of all records, by catalogue number. What an earlier call decoded comes from `file`; the rest
/// is decoded and, when it is much of the dock, written there (see write_entries). A file that is missing,
/// damaged or of another catalogue is made anew; that it cannot be written is logged and costs time at the
/// next call. A damaged record has no entry; one that the file of entries holds is not looked at, so that its
/// damage shows when it is asked for, or by a check of the dock.
/// @errors of the catalogue
/// @param live  the catalogue's numbers, ascending
[[nodiscard]] Result<LoadedEntries> load_entries(const catalog::Catalog& catalog,
                                                 const std::vector<std::uint64_t>& live,
                                                 const std::filesystem::path& file,
                                                 learnwares::TraitsPool& traits, const LoadOptions& options);

/// Whether a file that ends with this catalogue number is worth making anew: it lacks `from` entries at
/// least, and so many that writing all costs less than decoding these.
[[nodiscard]] bool pays_to_write(std::span<const std::shared_ptr<const learnwares::Entry>> entries,
                                 std::uint64_t stored_to, std::size_t from);

/// Writes all entries of one state of the catalogue in place of any file that is there. Nothing else may lie
/// in the file's folder. @param version  of that state @param entries  at least one
/// @return the file, opened @errors of EntryFile::write and open
[[nodiscard]] Result<std::shared_ptr<const learnwares::EntryFile>> write_entries(
    const catalog::Catalog& catalog, std::uint64_t version, const std::filesystem::path& file,
    std::span<const std::shared_ptr<const learnwares::Entry>> entries, unsigned threads);

/// Entries that the file has too then point into it, but those with a specification in memory.
void map_entries(const std::shared_ptr<const learnwares::EntryFile>& file,
                 const specification::SpaceKernels& kernels,
                 std::vector<std::shared_ptr<const learnwares::Entry>>& entries);

/// Entries whose reduced set is neither in memory nor held get it from the catalogue; those of damaged
/// records are taken out. @return the damaged ones @errors of the catalogue @cost the records of these
/// entries
[[nodiscard]] Result<std::vector<DamagedRecord>> take_missing_sets(
    const catalog::Catalog& catalog, const LoadOptions& options,
    std::vector<std::shared_ptr<const learnwares::Entry>>& entries);

}  // namespace learndock::dock
