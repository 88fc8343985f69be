#pragma once

#include "sandbox/job.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace learndock::sandbox {

/// Why a job is no more.
enum class Cause : std::uint8_t {
  exited,         ///< by itself; `status` is its exit code
  signalled,      ///< by a signal that the supervisor did not send; `status` is its number
  wall_limit,     ///< it ran too long
  cpu_limit,      ///< a process of it used too much processor time
  memory_limit,   ///< its processes took too much memory
  process_limit,  ///< it could not start a process or thread because it had too many, and then failed
  cancelled,      ///< this program ended it
};
[[nodiscard]] const char* name_of(Cause cause);

/// The end of a job.
struct Ended {
  Cause cause = Cause::exited;
  int status = 0;
  std::uint64_t peak_memory_bytes = 0;  ///< of all its processes together; 0: this host cannot tell
  double seconds = 0;
  std::string log;                ///< the beginning and the end of what it printed, valid UTF-8
  std::uint64_t log_dropped = 0;  ///< bytes of the log's middle that are not there
};

/// A running job and all processes that it started. Destroying it kills them all and waits until they are
/// gone, also when they left their parent, and removes its scratch folder and control group.
/// @threads one thread sends and receives; `cancel` may come from any other
class Process {
 public:
  virtual ~Process() = default;

  /// Writes all bytes to the job's descriptor 3.
  /// @errors sandbox_ended (the job is no more, or stopped reading), sandbox_timeout (not within `patience`)
  [[nodiscard]] virtual Result<void> send(std::span<const std::byte> bytes,
                                          std::chrono::milliseconds patience) = 0;
  /// Fills all of `bytes` from the job's descriptor 4.
  /// @errors sandbox_ended, sandbox_timeout
  [[nodiscard]] virtual Result<void> receive(std::span<std::byte> bytes,
                                             std::chrono::milliseconds patience) = 0;
  /// No more requests: the job reads an end of file.
  virtual void close_requests() = 0;
  /// Waits for the end, at most to the job's wall limit. The same answer each time.
  [[nodiscard]] virtual const Ended& wait() = 0;
  /// Ends it now, from any thread. `wait` then says `cancelled`, unless the job had ended already.
  virtual void cancel() = 0;
};

/// Starts a job. @errors sandbox_missing (a required layer is not there: the message names it and the cure),
/// sandbox_failed (the supervisor could not set it up), io
[[nodiscard]] Result<std::unique_ptr<Process>> start(const Job& job);

/// Starts a job, waits for its end. @errors as `start`
[[nodiscard]] Result<Ended> run(const Job& job);

}  // namespace learndock::sandbox
