#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>

namespace learndock::testing {

inline void flip_bit(const std::filesystem::path& path, std::uint64_t byte, int bit) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  char value = 0;
  file.seekg(static_cast<std::streamoff>(byte)).get(value);
  file.seekp(static_cast<std::streamoff>(byte)).put(static_cast<char>(value ^ (1 << bit)));
}

}  // namespace learndock::testing
