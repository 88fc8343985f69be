#pragma once

#include "learndock/base/result.hpp"

#include "package/contents.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::package {

/// The one name of the semantic specification in a package.
inline constexpr std::string_view kSemanticFile = "semantic_specification.json";

/// The files of a package by their canonical names: below the root folder, without what operating systems and
/// Python leave behind.
struct Layout {
  std::map<std::string, std::size_t> files;  ///< canonical name -> index in the contents
  std::vector<std::string> warnings;
};

/// Finds the root (top level, or the one folder that holds everything) and checks names the dock itself
/// writes.
/// @errors package_roots, package_reserved_name, package_missing_file (nothing but ignored files)
[[nodiscard]] Result<Layout> find_layout(const std::vector<ContentEntry>& entries);

/// A file whose name is nearly `name`: other case, folder or ending. "" when there is none.
[[nodiscard]] std::string near_miss(const Layout& layout, const std::string& name);

/// The index of a file that must be there. @errors package_missing_file, naming near misses
[[nodiscard]] Result<std::size_t> require_file(const Layout& layout, const std::string& name,
                                               std::string_view role);

}  // namespace learndock::package
