#pragma once

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace learndock::testing {

/// How often a test kills: LEARNDOCK_KILL_POINTS, for a longer run on record, or its own number.
inline unsigned kill_points(unsigned usual) {
  const char* const wanted = std::getenv("LEARNDOCK_KILL_POINTS");
  return wanted == nullptr ? usual : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

/// Called in the child with a name that its store has just acknowledged.
using Acknowledge = std::function<void(const std::string&)>;

/// Runs `work` in a child process, kills it with SIGKILL a random moment after a random number of
/// acknowledgements (1 to 5, so that a slow machine proves as much as a fast one), and returns all of them.
/// The moment is at most `longest_us` long: about what the work takes between two acknowledgements. The pipe
/// keeps whole lines, so an acknowledgement is either seen or was never made.
inline std::vector<std::string> run_and_kill(unsigned seed,
                                             const std::function<void(const Acknowledge&)>& work,
                                             useconds_t longest_us = 5'000) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    ::close(ends[0]);
    work([&](const std::string& name) {
      const std::string line = name + "\n";
      if (::write(ends[1], line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(2);
    });
    ::_exit(
        1);  // only reached when the work gave up: no acknowledgement follows, and the caller sees too few
  }
  ::close(ends[1]);
  std::mt19937 random(seed);
  const auto wanted = std::uniform_int_distribution<std::ptrdiff_t>(1, 5)(random);
  const auto wait_us = std::uniform_int_distribution<useconds_t>(0, longest_us)(random);
  std::string received;
  char chunk[4096];
  bool alive = true;
  for (ssize_t got = ::read(ends[0], chunk, sizeof chunk); got > 0;
       got = ::read(ends[0], chunk, sizeof chunk)) {
    received.append(chunk, static_cast<std::size_t>(got));
    if (alive && std::count(received.begin(), received.end(), '\n') >= wanted) {
      ::usleep(wait_us);
      ::kill(child, SIGKILL);
      alive = false;
    }
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  std::vector<std::string> names;
  for (std::size_t at = 0, end = received.find('\n'); end != std::string::npos;
       at = end + 1, end = received.find('\n', at))
    names.push_back(received.substr(at, end - at));
  return names;
}

/// No file may grow beyond this many bytes while it lives: writes fail as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit small { bytes, before_.rlim_max };
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) throw std::runtime_error("setrlimit");
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  struct rlimit before_ {};
  void (*old_handler_)(int) = nullptr;
};

}  // namespace learndock::testing
