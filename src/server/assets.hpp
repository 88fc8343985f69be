#pragma once

#include <string_view>

namespace learndock::server {

/// A file compiled into the program (embed_assets.cmake).
struct Asset {
  std::string_view name;  ///< "index.html"
  std::string_view bytes;
  std::string_view sha256;
};

/// Null when there is none of that name.
[[nodiscard]] const Asset* find_asset(std::string_view name);

}  // namespace learndock::server
