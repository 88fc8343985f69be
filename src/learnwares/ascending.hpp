#pragma once

#include "learndock/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace learndock::learnwares {

/// The first place from `at` on whose number is not below `wanted`; the size if there is none. It searches an
/// ascending list in jumps that double until they pass the number, which is fast for numbers that are asked
/// for in ascending order.
/// @cost logarithmic in the number of places that are passed
[[nodiscard]] inline std::size_t first_not_below(std::span<const LearnwareNumber> numbers, std::size_t at,
                                                 LearnwareNumber wanted) {
  std::size_t jump = 1;
  while (at + jump < numbers.size() && numbers[at + jump] < wanted) jump *= 2;
  const auto from = numbers.begin() + static_cast<std::ptrdiff_t>(std::min(numbers.size(), at + jump / 2));
  const auto to = numbers.begin() + static_cast<std::ptrdiff_t>(std::min(numbers.size(), at + jump + 1));
  return static_cast<std::size_t>(std::lower_bound(from, to, wanted) - numbers.begin());
}

}  // namespace learndock::learnwares
