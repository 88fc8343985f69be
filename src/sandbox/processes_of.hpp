#pragma once

#include <cstdint>
#include <sys/types.h>

namespace learndock::sandbox {

/// What the processes below a process use now.
struct Usage {
  std::uint64_t processes = 0;
  std::uint64_t bytes = 0;    ///< of memory; what two of them share counts twice
  std::uint64_t threads = 0;  ///< of all of them together
};

/// Adds up what the descendants of a process use, and the memory of the scratch folder that they see: the
/// substitute for a control group. A process that starts or ends meanwhile may be missed. @cost some 20 us
/// for each of them
[[nodiscard]] Usage usage_below(pid_t ancestor);

}  // namespace learndock::sandbox
