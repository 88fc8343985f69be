#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace learndock::testing {

/// The parts of a package that a fuzzer varies: manifest, statistical and semantic specification,
/// requirements, and the name of one more file. An empty part leaves its file out.
using FuzzParts = std::array<std::string, 5>;

/// Each part as two length bytes and its content.
inline std::string to_fuzz_input(const FuzzParts& parts) {
  std::string out;
  for (const std::string& part : parts) {
    out += static_cast<char>(part.size() & 0xff);
    out += static_cast<char>((part.size() >> 8) & 0xff);
    out += part;
  }
  return out;
}

inline FuzzParts from_fuzz_input(std::string_view input) {
  FuzzParts parts;
  for (std::string& part : parts) {
    if (input.size() < 2) break;
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(input[i])}; };
    const std::size_t length = std::min(byte(0) | (byte(1) << 8), input.size() - 2);
    part = input.substr(2, length);
    input.remove_prefix(2 + length);
  }
  return parts;
}

}  // namespace learndock::testing
