#pragma once

#include "learndock/base/result.hpp"
#include "learndock/package/package.hpp"

#include "package/contents.hpp"
#include "package/layout.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace learndock::package {

/// What a package's canonical form consists of: the files of its layout, but for those that are written anew.
struct CanonicalForm {
  const Contents& contents;
  const Layout& layout;
  std::map<std::string, std::string> written;  ///< by name; in place of a file or beside the others

  /// The length that the canonical form will have, or a little more.
  [[nodiscard]] std::uint64_t bytes() const;
  /// SHA-256 of the names, lengths and bytes of all files in the order of their names. @errors zip_*, io
  [[nodiscard]] Result<std::string> digest() const;
  /// Reads the files that are left out, so that a damaged archive never passes. @errors zip_*, io
  [[nodiscard]] Result<void> check_left_out() const;
  /// Writes the files. Contents are checked against their checksums here; a failure leaves no package.
  /// @errors zip_*, io, no_space, those of `room`
  [[nodiscard]] Result<void> write(const std::filesystem::path& target, const RoomCheck& room) const;
};

}  // namespace learndock::package
