#pragma once

#include "io/descriptor.hpp"
#include "sandbox/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace learndock::testing {

/// A job as a child of the test without any protection: what runs in it is the test's own. The log is not
/// kept.
class PlainProcess : public sandbox::Process {
 public:
  static Result<std::unique_ptr<sandbox::Process>> start(const sandbox::Job& job) {
    std::array<int, 2> requests{}, answers{};
    if (::pipe2(requests.data(), O_CLOEXEC) != 0 || ::pipe2(answers.data(), O_CLOEXEC) != 0)
      return fail(ErrorCode::io, "no pipe");
    std::vector<std::string> words = job.command, variables;
    for (const auto& [name, value] : job.environment) variables.push_back(name + "=" + value);
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    const std::vector<char*> command = pointers(words), environment = pointers(variables);
    const pid_t pid = ::fork();
    if (pid == 0) {
      // Above 3 and 4 first, so that neither end is overwritten.
      const int in = ::fcntl(requests[0], F_DUPFD_CLOEXEC, 10),
                out = ::fcntl(answers[1], F_DUPFD_CLOEXEC, 10);
      const int nowhere = ::open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
      ::dup2(in, 3);
      ::dup2(out, 4);
      ::setpgid(0, 0);
      ::execve(command[0], command.data(), environment.data());
      ::_exit(127);
    }
    ::close(requests[0]);
    ::close(answers[1]);
    ::signal(SIGPIPE, SIG_IGN);
    ::fcntl(requests[1], F_SETFL, O_NONBLOCK);
    return std::make_unique<PlainProcess>(pid, io::Descriptor(requests[1]), io::Descriptor(answers[0]));
  }

  PlainProcess(pid_t pid, io::Descriptor requests, io::Descriptor answers)
      : pid_(pid), requests_(std::move(requests)), answers_(std::move(answers)) {}
  ~PlainProcess() override {
    cancel();
    (void)wait();
  }
  PlainProcess(const PlainProcess&) = delete;
  PlainProcess& operator=(const PlainProcess&) = delete;

  Result<void> send(std::span<const std::byte> bytes, std::chrono::milliseconds patience) override {
    return move(bytes, requests_.get(), POLLOUT, patience,
                [](int fd, auto part) { return ::write(fd, part.data(), part.size()); });
  }
  Result<void> receive(std::span<std::byte> bytes, std::chrono::milliseconds patience) override {
    return move(bytes, answers_.get(), POLLIN, patience,
                [](int fd, auto part) { return ::read(fd, part.data(), part.size()); });
  }
  void close_requests() override { requests_ = io::Descriptor(); }
  const sandbox::Ended& wait() override {
    if (pid_ <= 0) return ended_;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    const bool exited = WIFEXITED(status);
    ended_.cause = cancelled_ ? sandbox::Cause::cancelled
                              : (exited ? sandbox::Cause::exited : sandbox::Cause::signalled);
    ended_.status = exited ? WEXITSTATUS(status) : WTERMSIG(status);
    return ended_;
  }
  void cancel() override {
    if (pid_ <= 0) return;
    cancelled_ = ::waitid(P_PID, static_cast<id_t>(pid_), &info_, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                 info_.si_pid == 0;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
  }

 private:
  template <class Bytes, class Call>
  static Result<void> move(Bytes bytes, int fd, short event, std::chrono::milliseconds patience, Call call) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!bytes.empty()) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd wait{fd, event, 0};
      if (::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(0, left.count()))) == 0)
        return fail(ErrorCode::sandbox_timeout, "too slow");
      const ssize_t count = call(fd, bytes);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) return fail(ErrorCode::sandbox_ended, "the process has ended");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  pid_t pid_;
  io::Descriptor requests_, answers_;
  siginfo_t info_{};
  bool cancelled_ = false;
  sandbox::Ended ended_;
};

}  // namespace learndock::testing
