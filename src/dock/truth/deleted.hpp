#pragma once

#include "learndock/base/result.hpp"
#include "learndock/dock/deleted_learnware.hpp"

#include "blobs/blob_store.hpp"
#include "catalog/catalog.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace learndock::dock {

/// Learnwares that were deleted and can still be brought back. Each is a file KEY.json in `packages/deleted/`
/// with its record, and KEY.zip beside it when it has a package. The key is the time of the deletion and the
/// catalogue number, so no name of a user becomes a path.
///
/// A deletion writes the record first, then takes the row out of the catalogue, then moves the package: a
/// crash anywhere between leaves something that `recover` completes or takes back.
/// @threads  the caller holds the truth's writer lock, or is alone with the folder
class DeletedLearnwares {
 public:
  /// @param folder  see DockFolder::deleted @param days  how many days they are kept; 0 = not at all
  DeletedLearnwares(std::filesystem::path folder, std::uint64_t days);

  [[nodiscard]] bool keeps() const { return days_ > 0; }
  [[nodiscard]] std::int64_t kept_until(std::int64_t removed_unix_ms) const;

  /// Writes the record of a learnware that is about to be deleted. @return its key @errors io, no_space
  [[nodiscard]] Result<std::string> begin(const catalog::LearnwareRecord& record);
  /// The path of a deletion's package.
  [[nodiscard]] std::filesystem::path package_of(const std::string& key) const;
  /// Removes a deletion for good. @return bytes of its package
  std::uint64_t forget(const std::string& key);

  struct Kept {
    std::string key;
    DeletedLearnware learnware;
  };
  /// All that are kept, the oldest deletion first. A damaged record is logged and left out.
  [[nodiscard]] std::vector<Kept> list() const;
  /// The newest deletion of this id. @errors not_found
  [[nodiscard]] Result<Kept> newest(const LearnwareId& id) const;
  /// When the learnware of a key was deleted; 0 for other names.
  [[nodiscard]] static std::int64_t removed_unix_ms(const std::string& key);
  /// The keys alone, the oldest deletion first, damaged records included.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// Removes the deletions whose time is over. @return bytes of their packages
  std::uint64_t expire(std::int64_t now_unix_ms);
  /// Puts interrupted deletions right after a crash: those that did not happen are forgotten, the others
  /// completed.
  void recover(const catalog::Catalog& catalog, blobs::BlobStore& blobs);
  /// Packages of interrupted deletions. They are no orphans: `recover` moves those that no record names.
  [[nodiscard]] std::set<std::string> unmoved_packages() const;
  /// Whether the package of a kept deletion lies beside its record.
  [[nodiscard]] bool holds_package(const Kept& kept) const;
  /// Removes learnwares again that were deleted and that are back because the catalogue has lost its latest
  /// changes. They stay kept. @param behind  whether it has lost changes; for a learnware without a package
  /// nothing else tells
  /// @return their ids
  [[nodiscard]] Result<std::vector<LearnwareId>> remove_again(catalog::Catalog& catalog,
                                                              const blobs::BlobStore& blobs,
                                                              bool behind) const;
  /// Bytes of all that is kept.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_in(folder_); }
  /// The same for a folder of deleted learnwares. It needs no lock.
  [[nodiscard]] static std::uint64_t bytes_in(const std::filesystem::path& folder);
  /// Reads one deletion. @errors corrupt, not_found, unsupported, io
  [[nodiscard]] Result<Kept> read(const std::string& key) const;

 private:
  [[nodiscard]] Result<void> recover_one(const Kept& kept, const catalog::Catalog& catalog,
                                         blobs::BlobStore& blobs);

  std::filesystem::path folder_;
  std::int64_t days_;
};

[[nodiscard]] std::int64_t now_unix_ms();

}  // namespace learndock::dock
