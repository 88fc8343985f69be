#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace learndock::learnwares {

/// The first place from `at` on whose key is not below `key`; the size if there is none. It searches an
/// ascending list in jumps that double until they pass the key, which is fast for keys that are asked for in
/// ascending order.
/// @cost logarithmic in the number of places that are passed
[[nodiscard]] inline std::size_t first_not_below(std::span<const std::uint64_t> keys, std::size_t at,
                                                 std::uint64_t key) {
  std::size_t jump = 1;
  while (at + jump < keys.size() && keys[at + jump] < key) jump *= 2;
  const auto from = keys.begin() + static_cast<std::ptrdiff_t>(std::min(keys.size(), at + jump / 2));
  const auto to = keys.begin() + static_cast<std::ptrdiff_t>(std::min(keys.size(), at + jump + 1));
  return static_cast<std::size_t>(std::lower_bound(from, to, key) - keys.begin());
}

}  // namespace learndock::learnwares
