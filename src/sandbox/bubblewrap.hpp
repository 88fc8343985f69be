#pragma once

#include "sandbox/switches.hpp"

#include <optional>
#include <string>
#include <vector>

namespace learndock::sandbox {

/// The path of `bwrap` by this process's PATH; nothing: there is none.
[[nodiscard]] std::optional<std::string> find_bubblewrap();

/// Whether a job's bindings, command and environment can be had. @errors invalid_argument, not_found
[[nodiscard]] Result<void> check(const Job& job);

/// The words that start a job in bubblewrap: its namespaces, its mounts, and the helper that confines it.
/// @param limit_processes  by rlimit, because no control group does
[[nodiscard]] std::vector<std::string> bubblewrap_words(const std::string& program, const Job& job,
                                                        const LeftOut& left_out, bool limit_processes);

/// The words that start a job without a sandbox, in the folder `scratch`. Paths inside the sandbox, at the
/// begin of a word of the command or of a variable's value, become those of the host.
[[nodiscard]] std::vector<std::string> direct_words(const Job& job, const std::string& scratch);

/// "NAME=VALUE", for a job without a sandbox.
[[nodiscard]] std::vector<std::string> direct_environment(const Job& job, const std::string& scratch);

/// The job's /etc/passwd.
[[nodiscard]] std::string accounts();

}  // namespace learndock::sandbox
