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

/// Makes records again from the packages of a dock.
class PackageRecords {
 public:
  /// @param taken  packages that sound records name @param orphans  packages that none names
  PackageRecords(const std::filesystem::path& dock, const std::set<std::string>& taken,
                 const std::vector<std::string>& orphans)
      : dock_(dock), taken_(taken), orphans_(orphans) {}

  /// The record as it was stored, when the checksum proves it; else a record made from its package, under the
  /// same id.
  /// @param known  what the indexes say of the record; may be null @param old  the catalogue that the record
  /// came from; may be null
  /// @errors io
  [[nodiscard]] Result<Mended> mend(catalog::LearnwareRecord record, const catalog::IndexedName* known,
                                    const catalog::Catalog* old) const;

  /// A new record for an orphan, under its old id when `known` or the package has it. @errors corrupt (its
  /// bytes are not those of its name), zip_*, package_*, spec_*, io
  [[nodiscard]] Result<catalog::LearnwareRecord> orphan(const std::string& digest,
                                                        const catalog::IndexedName* known) const;

  void remove_scratch() const;

 private:
  [[nodiscard]] Result<catalog::LearnwareRecord> whole_package(const std::string& digest) const;

  const std::filesystem::path& dock_;
  const std::set<std::string>& taken_;
  const std::vector<std::string>& orphans_;
};

}  // namespace learndock::dock
