#pragma once

#include "learndock/base/result.hpp"

#include <string>

namespace learndock::sandbox {

/// The program with which the kernel decides on each system call of a job. Calls that ordinary programs,
/// Python and its numeric libraries need are allowed; the ones that reach out of a sandbox, or into the parts
/// of the kernel in which most faults are found, fail with EPERM; any other fails with ENOSYS, as on an older
/// kernel, so that libraries use what they used before there was such a call. `filter.cpp` is the only way to
/// libseccomp. @errors sandbox_failed
[[nodiscard]] Result<std::string> system_call_filter();

/// "libseccomp 2.5.4".
[[nodiscard]] std::string filter_library();

}  // namespace learndock::sandbox
