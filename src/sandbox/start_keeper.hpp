#pragma once

#include "learndock/base/result.hpp"

#include "io/descriptor.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace learndock::sandbox {

/// A keeper that was started, and this process's ends of what the job and the keeper have.
struct Keeper {
  pid_t process = -1;
  io::Descriptor requests, answers;  ///< do not block
  io::Descriptor log;                ///< does not block
  io::Descriptor ready;              ///< ends once the job's program has started, or could not
  io::Descriptor report;             ///< ends when the keeper has ended
  io::Descriptor lifeline;           ///< closing it ends the job
};

struct KeeperWords {
  std::vector<std::string> words;        ///< after "keep"
  std::vector<std::string> environment;  ///< "NAME=VALUE"
  std::string filter;                    ///< the seccomp program
  bool keep_descriptors = false;         ///< for tests: the job inherits what this process has open
};

/// Starts the helper as a keeper. It and the job are in a process group of their own, so that Ctrl-C reaches
/// this process alone. @errors sandbox_failed
[[nodiscard]] Result<Keeper> start_keeper(const KeeperWords& words);

}  // namespace learndock::sandbox
