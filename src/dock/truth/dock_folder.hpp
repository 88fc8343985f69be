#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

namespace learndock::dock {

/// The folder of one dock: the only place that knows the names of its files. docs/operations.md says what
/// each is for.
class DockFolder {
 public:
  static constexpr const char* kSettings = "dock.json";
  static constexpr const char* kCatalogue = "catalog.sqlite";
  static constexpr const char* kMark = "catalog.mark";
  static constexpr const char* kPackages = "packages";
  static constexpr const char* kStaging = "staging";

  explicit DockFolder(std::filesystem::path root) : root_(std::move(root)) {}

  /// The format and the limits.
  [[nodiscard]] std::filesystem::path settings() const { return root_ / kSettings; }
  [[nodiscard]] std::filesystem::path catalogue() const { return root_ / kCatalogue; }
  [[nodiscard]] std::filesystem::path mark() const { return root_ / kMark; }
  /// The blob store.
  [[nodiscard]] std::filesystem::path packages() const { return root_ / kPackages; }
  /// The file of a package in the local blob store. @param digest  SHA-256 in lower-case hexadecimal digits
  [[nodiscard]] std::filesystem::path package(std::string_view digest) const {
    return packages() / digest.substr(0, 2) / digest.substr(2);
  }
  /// Deleted learnwares that are kept.
  [[nodiscard]] std::filesystem::path deleted() const { return packages() / "deleted"; }
  /// Uploads on their way; emptied when the dock is opened for writing.
  [[nodiscard]] std::filesystem::path staging() const { return root_ / kStaging; }
  /// The stored index.
  [[nodiscard]] std::filesystem::path index() const { return root_ / "index"; }
  /// The work of a re-index that is not finished.
  [[nodiscard]] std::filesystem::path reindex() const { return root_ / "reindex"; }
  /// Packages that are being tried, unpacked.
  [[nodiscard]] std::filesystem::path verification() const { return root_ / "verification"; }
  /// What a repair repacks.
  [[nodiscard]] std::filesystem::path repair() const { return root_ / "repair"; }
  /// The learnware cache. It says nothing that the catalogue does not say.
  [[nodiscard]] std::filesystem::path learnware_cache() const { return root_ / "entries" / "entries.lds"; }
  [[nodiscard]] std::filesystem::path lock() const { return root_ / "lock"; }
  /// Bytes set aside for opening a dock on a full disk.
  [[nodiscard]] std::filesystem::path reserve() const { return root_ / "reserve.bin"; }

 private:
  std::filesystem::path root_;
};

}  // namespace learndock::dock
