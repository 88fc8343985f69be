#pragma once

#include <csignal>
#include <functional>
#include <stdexcept>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace learndock::testing {

enum class Ended { killed, by_itself, not_traceable };

/// Runs `work` in a child process and kills it with SIGKILL as it is about to make its system call number
/// `call` (from 0). Nothing happens to a file between two system calls, so all of them in turn are all the
/// points at which a crash can strike. `by_itself` says that it made fewer, and `work` returned true.
inline Ended kill_at_call(int call, const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(77);
    ::raise(SIGSTOP);
    ::_exit(work() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) return Ended::not_traceable;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  constexpr int kAtCall = SIGTRAP | 0x80;
  // Each call stops twice, before and after.
  for (int stops = 0; stops <= 2 * call;) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      if (WEXITSTATUS(status) != 0) throw std::runtime_error("the work failed before it was killed");
      return Ended::by_itself;
    }
    if (WIFSIGNALED(status)) throw std::runtime_error("the work died of a signal of its own");
    if (WSTOPSIG(status) == kAtCall) ++stops;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return Ended::killed;
}

}  // namespace learndock::testing
