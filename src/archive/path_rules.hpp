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

/// What '\' means in a name: on Windows no file's name can hold it, so there it can only separate folders.
enum class Backslash { part_of_a_name, separator };

/// The name of a package's top folder, which some programs list ("tar ... .").
inline constexpr std::string_view kTopFolder = "./";

/// The one spelling under which a name is stored, whatever system wrote it: composed letters (NFC), '/'
/// between folders, no "./" in front. Checks that it means the same on every system and stays inside the
/// package. A directory ends in '/'; the package's own top is kTopFolder.
/// @errors zip_path_traversal, zip_path_absolute, zip_path_invalid, zip_path_length; `where` is the name,
/// made
///         printable
[[nodiscard]] Result<std::string> stored_path(std::string_view written, const PathLimits& limits,
                                              Backslash backslash = Backslash::part_of_a_name);

/// The paths of one package, as `stored_path` gave them. Refuses two entries of one name, also when only
/// their case differs, and a file whose name is also a directory's. @errors zip_duplicate
class PathSet {
 public:
  /// @param written  the name before `stored_path`, which tells two spellings from a name that came twice
  [[nodiscard]] Result<void> add(std::string_view path, std::string_view written);

 private:
  struct Use {
    std::string path;     ///< as first stored, without a directory's trailing '/'
    std::string written;  ///< empty for a directory that no entry names
    bool file = false;
  };
  [[nodiscard]] Result<void> add_parent(std::string_view directory, std::string_view folded);
  [[nodiscard]] Result<void> add_again(Use& use, std::string_view path, std::string_view written, bool file);
  std::unordered_map<std::string, Use> by_folded_;
};

}  // namespace learndock::archive
