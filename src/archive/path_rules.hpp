#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace learndock::archive {

struct PathLimits {
  std::size_t max_bytes = 512;
  std::size_t max_depth = 16;
};

/// Checks that a path means the same file on every system and stays inside the package. A directory ends in
/// '/'.
/// @errors zip_path_traversal, zip_path_absolute, zip_path_invalid, zip_path_length; `where` is the path,
/// made
///         printable
[[nodiscard]] Result<void> check_path(std::string_view path, const PathLimits& limits);

/// The same text for all paths that a case-insensitive file system would take for one. The path has passed
/// check_path.
[[nodiscard]] std::string fold_case(std::string_view path);

/// The paths of one package. Refuses two entries of one name, also when only their case differs, and a file
/// whose name is also a directory's. @errors zip_duplicate
class PathSet {
 public:
  [[nodiscard]] Result<void> add(std::string_view path);

 private:
  struct Use {
    std::string path;  ///< as first written, without a directory's trailing '/'
    bool file = false;
    bool explicit_entry = false;
  };
  [[nodiscard]] Result<void> add_parent(std::string_view directory);
  std::unordered_map<std::string, Use> by_folded_;
};

}  // namespace learndock::archive
