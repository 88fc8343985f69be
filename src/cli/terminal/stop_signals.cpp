#include "cli/terminal/stop_signals.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace learndock::cli {

void end_at_once(const std::string& why) {
  const Error error{ErrorCode::timeout, why, {}, "requests that were running got no answer; try them again"};
  fmt::print(stderr, "error: {}\n", describe(error));
  std::fflush(nullptr);
  std::_Exit(exit_code(error.code));
}

namespace {

/// The pipe that the signal handler writes to. There has to be a handler: a signal that is only blocked here
/// would end the process in a library's thread, which exists before `main`.
int signal_pipe_end = -1;

void on_signal(int) {
  const int kept = errno;
  const char byte = 0;
  // A full pipe has more signals than are ever read.
  [[maybe_unused]] const ssize_t put = ::write(signal_pipe_end, &byte, 1);
  errno = kept;
}

void await_signal(int pipe_end) {
  char byte = 0;
  while (::read(pipe_end, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<StopSignals> StopSignals::install() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorCode::io, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  signal_pipe_end = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  StopSignals signals;
  // Not joined: it waits for a signal that may never come, and owns all that it uses.
  std::thread([end = ends[0], state = signals.state_] {
    await_signal(end);
    if (!state->serving) end_at_once("stopped before the dock was served");
    state->asked.set_value();
    await_signal(end);
    end_at_once("stopped at once by a second signal; requests that still ran were cut off");
  }).detach();
  return signals;
}

void StopSignals::serving() { state_->serving = true; }
void StopSignals::wait() { asked_.wait(); }

}  // namespace learndock::cli
