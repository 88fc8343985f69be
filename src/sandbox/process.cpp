#include "sandbox/process.hpp"

#include "sandbox/layers.hpp"
#include "sandbox/supervisor.hpp"
#include "sandbox/switches.hpp"

#include <fmt/format.h>

namespace learndock::sandbox {

const char* name_of(Cause cause) {
  switch (cause) {
    case Cause::exited:
      return "exited";
    case Cause::signalled:
      return "signalled";
    case Cause::wall_limit:
      return "wall_limit";
    case Cause::cpu_limit:
      return "cpu_limit";
    case Cause::memory_limit:
      return "memory_limit";
    case Cause::process_limit:
      return "process_limit";
    case Cause::cancelled:
      return "cancelled";
  }
  return "unknown";
}

Result<std::unique_ptr<Process>> start_without(const Job& job, const LeftOut& left_out) {
  return Supervisor::begin(job, left_out);
}

Result<std::unique_ptr<Process>> start(const Job& job) {
  if (job.protection == Protection::full)
    if (const Layer* missing = missing_layer())
      return fail(
          ErrorCode::sandbox_missing,
          fmt::format("nothing foreign is run here, because a layer of the sandbox is missing: {}: {}",
                      missing->name, missing->detail),
          {}, missing->fix);
  return start_without(job, {});
}

Result<Ended> run(const Job& job) {
  LEARNDOCK_TRY(const std::unique_ptr<Process> process, start(job));
  process->close_requests();
  return process->wait();
}

}  // namespace learndock::sandbox
