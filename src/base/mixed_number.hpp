#pragma once

#include <cstdint>

namespace learndock {

/// Maps neighbouring numbers to unrelated ones, one to one for each seed.
/// @source the finaliser of SplitMix64 (Steele, Lea, Flood 2014)
[[nodiscard]] constexpr std::uint64_t mixed_number(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed * 0x9E3779B97F4A7C15U + number + 1;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace learndock
