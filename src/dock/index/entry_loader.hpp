#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"
#include "dock/truth/damaged_record.hpp"
#include "learnwares/entry_file.hpp"
#include "learnwares/snapshot.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace learndock::dock {

/// Whether the learnware of this catalogue number has its reduced set in a stored part.
using HeldByPart = std::function<bool(LearnwareNumber sequence)>;

struct LoadOptions {
  const specification::SpaceKernels& kernels;
  unsigned threads = 1;
  HeldByPart held;                    ///< their sets are not kept in memory; may be called from many threads
  std::size_t write_from = SIZE_MAX;  ///< how many entries the cache has to lack, see pays_to_write
};

struct LoadedEntries {
  std::vector<std::shared_ptr<const learnwares::Entry>> entries;
  std::vector<DamagedRecord> damaged;                 ///< have no entry
  std::shared_ptr<const learnwares::EntryFile> file;  ///< the cache that some of them point into; null: none
  /// The catalogue number of the last learnware in the cache; 0: there is none.
  [[nodiscard]] LearnwareNumber stored_to() const {
    return file ? file->sequences().back() : LearnwareNumber();
  }
};

/// The entries of all records, by catalogue number. Entries that an earlier call decoded come from the
/// learnware cache `file`; the others are decoded and, when they are many, written there (see write_entries).
/// A cache that is missing, damaged or of another catalogue is rebuilt. A failure to write it is logged and
/// costs time at the next call. A damaged record has no entry. A record that the cache has is not read, so
/// its damage shows only when it is asked for, or in a check of the dock.
/// @errors of the catalogue
/// @param live  the catalogue's numbers, ascending
[[nodiscard]] Result<LoadedEntries> load_entries(const catalog::Catalog& catalog,
                                                 const std::vector<LearnwareNumber>& live,
                                                 const std::filesystem::path& file,
                                                 learnwares::TraitsPool& traits, const LoadOptions& options);

/// Whether to rewrite a cache that ends with this catalogue number: it lacks at least `from` entries, and so
/// many that writing all costs less than decoding these.
[[nodiscard]] bool pays_to_write(std::span<const std::shared_ptr<const learnwares::Entry>> entries,
                                 LearnwareNumber stored_to, std::size_t from);

/// Writes all entries of one state of the catalogue, in place of any cache that is there. The file's folder
/// is the cache's own: other files in it are removed. @param version  the version of that state @param
/// entries at least one
/// @return the file, opened @errors of EntryFile::write and open
[[nodiscard]] Result<std::shared_ptr<const learnwares::EntryFile>> write_entries(
    const catalog::Catalog& catalog, std::uint64_t version, const std::filesystem::path& file,
    std::span<const std::shared_ptr<const learnwares::Entry>> entries, unsigned threads);

/// Makes the entries that the cache has point into it, but for those with a specification in memory.
void map_entries(const std::shared_ptr<const learnwares::EntryFile>& file,
                 const specification::SpaceKernels& kernels,
                 std::vector<std::shared_ptr<const learnwares::Entry>>& entries);

/// Reads from the catalogue the reduced sets that are neither in memory nor in a stored part. Entries of
/// damaged records are taken out. @return the damaged ones @errors of the catalogue @cost the records of
/// these entries
[[nodiscard]] Result<std::vector<DamagedRecord>> take_missing_sets(
    const catalog::Catalog& catalog, const LoadOptions& options,
    std::vector<std::shared_ptr<const learnwares::Entry>>& entries);

}  // namespace learndock::dock
