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

enum class Ceiling { read, fma, int8 };

/// One short run of one ceiling (some 20 ms), for measuring it between the runs of what is compared with it:
/// on a machine that others use, both then see the same neighbours.
[[nodiscard]] double rate_now(Ceiling which);

}  // namespace learndock::bench
