#pragma once

#include <cstddef>

namespace learndock::bench {

// Loops that do one thing as fast as one core can. Each returns a number that depends on all its work, so
// that no compiler leaves it out.
[[nodiscard]] float fma_loop(std::size_t rounds);
[[nodiscard]] float exp_loop(std::size_t rounds);
[[nodiscard]] int int8_loop(std::size_t rounds);
[[nodiscard]] float read_loop(const float* data, std::size_t count);

struct LoopWork {
  double fma, exponentials, int8;  ///< operations in one round of each loop
};
[[nodiscard]] LoopWork loop_work();

}  // namespace learndock::bench
