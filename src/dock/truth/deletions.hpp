#pragma once

#include "blobs/blob_store.hpp"
#include "catalog/catalog.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/disk_space.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace learndock::dock {

/// The steps of deleting a learnware and of bringing one back. They are steps because searches stop finding
/// it between the row and the package. A deletion that is cut off between two steps is completed or taken
/// back at the next opening (see DeletedLearnwares).
/// @threads  the caller holds the truth's writer lock
class Deletions {
 public:
  Deletions(catalog::Catalog& catalog, blobs::BlobStore& blobs, DiskSpace& space, DeletedLearnwares& kept)
      : catalog_(catalog), blobs_(blobs), space_(space), kept_(kept) {}

  /// A learnware whose row is gone.
  struct Removed {
    catalog::LearnwareRecord record;
    bool package_unused = false;  ///< no other record names its package
    std::string key;              ///< of the deletion that is kept; empty: it is removed for good
  };
  /// First step: writes the record down where the learnware is to be kept, and removes its row. On a full
  /// disk the reserve gives SQLite the room for it. @errors not_found
  [[nodiscard]] Result<Removed> remove_row(const LearnwareId& id);
  /// Last step: moves the package to the deleted ones, or removes it, and frees room when there is little.
  [[nodiscard]] Result<void> remove_package(const Removed& removed);
  /// How long the learnware is kept; nothing when it cannot be brought back.
  [[nodiscard]] std::optional<std::int64_t> kept_until(const Removed& removed) const;

  /// The deleted learnwares that are kept, the oldest deletion first.
  [[nodiscard]] std::vector<DeletedLearnware> list() const;
  /// The newest deletion of an id that may be brought back. @errors not_found, conflict (the id is taken),
  /// corrupt (its record is damaged)
  [[nodiscard]] Result<DeletedLearnwares::Kept> find(const LearnwareId& id) const;
  /// Makes its package a blob again. @errors package_duplicate, corrupt
  [[nodiscard]] Result<void> take_package_back(const DeletedLearnwares::Kept& kept);
  /// Undoes that. @errors io
  [[nodiscard]] Result<void> give_package_up(const DeletedLearnwares::Kept& kept);
  /// Says that its row is there again.
  void brought_back(const DeletedLearnwares::Kept& kept);

  /// Removes the oldest kept deletions until so many bytes fit, or none of them when all would not be enough.
  void give_up_for(std::uint64_t bytes);
  /// Removes deleted learnwares whose time is over, and sets the reserve aside again where there is room.
  void tidy();

 private:
  struct Keeping;
  void keep_record(const catalog::LearnwareRecord& record, Keeping& keeping);
  [[nodiscard]] Keeping begin_keeping(const LearnwareId& id);
  void give_up_one(const std::string& key);

  catalog::Catalog& catalog_;
  blobs::BlobStore& blobs_;
  DiskSpace& space_;
  DeletedLearnwares& kept_;
};

}  // namespace learndock::dock
