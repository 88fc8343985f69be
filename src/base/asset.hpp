#pragma once

#include <string_view>

namespace learndock {

/// A file compiled into the program (cmake/LearndockEmbed.cmake).
struct Asset {
  std::string_view bytes;
  std::string_view sha256;
};

}  // namespace learndock
