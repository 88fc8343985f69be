#pragma once

#include "learndock/dock/dock.hpp"

#include "blobs/blob_store.hpp"
#include "catalog/catalog.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::dock {

/// Of a dock's folder.
inline constexpr std::string_view kDeletedFolder = "packages/deleted";

/// Learnwares that were deleted and can still be brought back. Each is a file KEY.json in `packages/deleted/`
/// with its record, and KEY.zip beside it when it has a package. The key is the time of the deletion and the
/// catalogue number, so no name of a user becomes a path.
///
/// A deletion writes the record first, then takes the row out of the catalogue, then moves the package: a
/// crash anywhere between leaves something that `recover` completes or takes back.
/// @threads  the caller holds the dock's writer lock
class DeletedLearnwares {
 public:
  /// @param days  how long they are kept; 0 = not at all
  DeletedLearnwares(std::filesystem::path folder, std::uint64_t days);

  [[nodiscard]] bool keeps() const { return days_ > 0; }
  [[nodiscard]] std::int64_t kept_until(std::int64_t removed_unix_ms) const;

  /// Writes the record of what is about to be deleted. @return its key @errors io, no_space
  [[nodiscard]] Result<std::string> begin(const catalog::LearnwareRecord& record);
  /// Where its package lies.
  [[nodiscard]] std::filesystem::path package_of(const std::string& key) const;
  /// Removes one for good. @return bytes of its package
  std::uint64_t forget(const std::string& key);

  struct Kept {
    std::string key;
    DeletedLearnware learnware;
  };
  /// All of them, the oldest deletion first. A damaged record is logged and left out.
  [[nodiscard]] std::vector<Kept> list() const;
  /// The newest deletion of this id. @errors not_found
  [[nodiscard]] Result<Kept> newest(const LearnwareId& id) const;
  /// When the learnware of a key was deleted; 0 for other names.
  [[nodiscard]] static std::int64_t removed_unix_ms(const std::string& key);
  /// Keys alone, the oldest deletion first; also of damaged records.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// Removes those whose time is over. @return bytes of their packages
  std::uint64_t expire(std::int64_t now_unix_ms);
  /// After a crash: deletions that did not happen are forgotten, the others completed.
  void recover(const catalog::Catalog& catalog, blobs::BlobStore& blobs);
  /// Packages of interrupted deletions, which `recover` moves where no record names them: they are not left
  /// over.
  [[nodiscard]] std::set<std::string> unmoved_packages() const;
  /// Whether the package of a kept deletion lies beside its record.
  [[nodiscard]] bool holds_package(const Kept& kept) const;
  /// A catalogue that has lost its latest changes has learnwares again that were deleted: they are removed
  /// again, and stay kept. @param behind  whether it has; without a package nothing else tells
  /// @return their ids
  [[nodiscard]] Result<std::vector<LearnwareId>> remove_again(catalog::Catalog& catalog,
                                                              const blobs::BlobStore& blobs,
                                                              bool behind) const;
  /// Bytes of all that is kept.
  [[nodiscard]] std::uint64_t bytes() const;
  /// The record of one. @errors corrupt, not_found, unsupported, io
  [[nodiscard]] Result<Kept> read(const std::string& key) const;

 private:
  [[nodiscard]] Result<void> recover_one(const Kept& kept, const catalog::Catalog& catalog,
                                         blobs::BlobStore& blobs);

  std::filesystem::path folder_;
  std::int64_t days_;
};

[[nodiscard]] std::int64_t now_unix_ms();

}  // namespace learndock::dock
