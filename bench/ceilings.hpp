#pragma once

#include <cstddef>

namespace learndock::bench {

/// What this machine can do at most, measured on it with all its cores: the binding one of these is what a
/// benchmark's share refers to.
struct Ceilings {
  double read_bytes = 0;  ///< per second, from memory far larger than the caches
  double copy_bytes = 0;  ///< per second, read plus written
  double fma = 0;         ///< fp32 multiply-adds per second, operands in registers
  double exponentials =
      0;            ///< fp32 exponentials per second, by the kernels' own polynomial, operands in registers
  double int8 = 0;  ///< 8-bit multiply-adds per second, operands in registers
};

/// Measured once per process, some two seconds.
[[nodiscard]] const Ceilings& ceilings();

}  // namespace learndock::bench
