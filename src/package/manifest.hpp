#pragma once

#include "learndock/base/result.hpp"
#include "learndock/package/package.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace learndock::package {

/// One statistical specification as learnware.yaml announces it.
struct StatisticalEntry {
  specification::Kind kind;
  std::string file_name = "stat_spec.json";
  /// The class of a specification that the dock keeps in the package and cannot read, such as those of
  /// language models; "" if it reads it.
  std::string kept_class;
};

/// learnware.yaml, checked. Class and module names are compared with a closed list or their grammar; nothing
/// is ever imported.
struct Manifest {
  std::string text;  ///< the file's bytes, where it was read from a package
  std::string name;
  ModelEntry model;
  std::vector<StatisticalEntry> statistical;  ///< as listed; one default entry when the key is missing
  std::vector<std::string> warnings;
};

/// @errors package_yaml*, package_class; `where` is a JSON pointer into the manifest or a line
[[nodiscard]] Result<Manifest> read_manifest(std::string_view yaml, const archive::ArchiveLimits& limits);

}  // namespace learndock::package
