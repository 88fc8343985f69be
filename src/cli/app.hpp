#pragma once

namespace learndock::cli {

/// The whole program. Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 auth, 5 conflict, 6 verification
/// failed, 7 unavailable or timed out.
int run(int argc, char** argv);

}  // namespace learndock::cli
