#pragma once

#include "base/crash_point.hpp"

#include <csignal>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace learndock::testing {

namespace at_point {
inline const char* wanted = nullptr;  // null: the point is not looked at
inline int passes_left = 0;
inline std::function<void()> before_dying;

inline void die_there(const char* name) {
  if (wanted == nullptr || std::strcmp(name, wanted) != 0 || passes_left-- > 0) return;
  if (before_dying) before_dying();
  ::kill(::getpid(), SIGKILL);
}
}  // namespace at_point

struct PointRun {
  bool killed = false;             ///< false: the work ended before the point was passed so often
  std::vector<std::string> lines;  ///< what it had acknowledged until then
};

/// Runs `work` in a child process that kills itself with SIGKILL when it passes the crash point `name` for
/// the time number `pass`, from 0. @param before_dying  called in the child just before, with `say`
inline PointRun kill_at_point(
    const char* name, int pass,
    const std::function<void(const std::function<void(const std::string&)>&)>& work,
    const std::function<void(const std::function<void(const std::string&)>&)>& before_dying = {}) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    ::close(ends[0]);
    const auto say = [&](const std::string& text) {
      const std::string line = text + "\n";
      if (::write(ends[1], line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(2);
    };
    at_point::wanted = name;
    at_point::passes_left = pass;
    if (before_dying) at_point::before_dying = [&] { before_dying(say); };
    crash_hook = at_point::die_there;
    work(say);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string received;
  char chunk[4096];
  for (ssize_t got = ::read(ends[0], chunk, sizeof chunk); got > 0;
       got = ::read(ends[0], chunk, sizeof chunk))
    received.append(chunk, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  PointRun run;
  run.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!run.killed && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
    throw std::runtime_error("the work failed before it was killed");
  for (std::size_t at = 0, end = received.find('\n'); end != std::string::npos;
       at = end + 1, end = received.find('\n', at))
    run.lines.push_back(received.substr(at, end - at));
  return run;
}

}  // namespace learndock::testing
