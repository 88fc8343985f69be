#pragma once

#include "learndock/base/result.hpp"

#include "sandbox/process.hpp"

#include <initializer_list>
#include <memory>

namespace learndock::sandbox {

/// The parts of the protection, for tests: a test that shows that something is contained proves little unless
/// it happens once the part that contains it is left out.
enum class Part : unsigned {
  mounts,       ///< left out: the job sees the host's folders, and can write to them
  descriptors,  ///< left out: it inherits this process's descriptors
  environment,  ///< left out: it inherits this process's environment
  network,      ///< left out: the host's network
  process_ids,  ///< left out: the host's processes, and its own survive it
  user,         ///< left out: the host's user with all rights, and further namespaces
  seccomp,
  landlock,
  memory,
  processes,
  cpu,
  wall,
  scratch_bytes,  ///< of files, too
  log_bytes,
};

/// The parts to leave out.
class LeftOut {
 public:
  LeftOut() = default;
  LeftOut(std::initializer_list<Part> parts) {
    for (const Part part : parts) bits_ |= bit(part);
  }
  [[nodiscard]] bool has(Part part) const { return (bits_ & bit(part)) != 0; }
  [[nodiscard]] bool any() const { return bits_ != 0; }

 private:
  static unsigned bit(Part part) { return 1U << static_cast<unsigned>(part); }
  unsigned bits_ = 0;
};

/// `start` for tests, and for looking at what a host can do. @errors as `start`, without sandbox_missing
[[nodiscard]] Result<std::unique_ptr<Process>> start_without(const Job& job, const LeftOut& left_out);

}  // namespace learndock::sandbox
