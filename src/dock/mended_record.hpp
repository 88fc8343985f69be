#pragma once

#include "catalog/catalog.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace learndock::dock {

/// A damaged record and what became of it.
struct Mended {
  catalog::LearnwareRecord record;  ///< still damaged when it could not be mended
  std::string how;                  ///< empty: it could not be mended
};

/// Records made again from the packages of a dock.
class PackageRecords {
 public:
  /// @param taken  packages that sound records name @param orphans  those that none names
  PackageRecords(const std::filesystem::path& dock, const std::set<std::string>& taken,
                 const std::vector<std::string>& orphans)
      : dock_(dock), taken_(taken), orphans_(orphans) {}

  /// The record as it was stored, where the checksum proves it; else one from its package under the same id.
  /// @param known  what the indexes say of it; may be null @param old  the catalogue it came from; may be
  /// null
  /// @errors io
  [[nodiscard]] Result<Mended> mend(catalog::LearnwareRecord record, const catalog::IndexedName* known,
                                    const catalog::Catalog* old) const;

  /// A new record of a package that none names; under its old id when `known` tells it. @errors corrupt (its
  /// bytes are not those of its name), zip_*, package_*, spec_*, io
  [[nodiscard]] Result<catalog::LearnwareRecord> orphan(const std::string& digest,
                                                        const catalog::IndexedName* known) const;

  void remove_scratch() const;

 private:
  [[nodiscard]] Result<catalog::LearnwareRecord> whole_package(const std::string& digest) const;
  [[nodiscard]] std::filesystem::path scratch() const { return dock_ / "repair"; }

  const std::filesystem::path& dock_;
  const std::set<std::string>& taken_;
  const std::vector<std::string>& orphans_;
};

}  // namespace learndock::dock
