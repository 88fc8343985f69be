#include "sandbox/pipe_ends.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

/// A write to a pipe that no one reads any more fails instead of ending this program.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    constexpr timespec kNow{0, 0};
    if (!was_pending_)
      while (::sigtimedwait(&pipe_, nullptr, &kNow) < 0 && errno == EINTR) {
      }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

/// Waits for a descriptor. @return whether it is ready in time
bool ready_by(int descriptor, short events, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd one{descriptor, events, 0};
    const int found = ::poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000)));
    if (found > 0) return true;
    if (found == 0 && left <= 1'000'000) return false;
  }
}

}  // namespace

PipeEnd write_by(int descriptor, std::span<const std::byte> bytes,
                 std::chrono::steady_clock::time_point deadline) {
  const NoPipeSignal blocked;
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count > 0)
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    else if (errno == EAGAIN && !ready_by(descriptor, POLLOUT, deadline))
      return PipeEnd::too_slow;
    else if (errno != EAGAIN && errno != EINTR)
      return PipeEnd::closed;
  }
  return PipeEnd::done;
}

PipeEnd read_by(int descriptor, std::span<std::byte> bytes, std::chrono::steady_clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
    if (count > 0)
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    else if (count < 0 && errno == EAGAIN && !ready_by(descriptor, POLLIN, deadline))
      return PipeEnd::too_slow;
    else if (count == 0 || (errno != EAGAIN && errno != EINTR))
      return PipeEnd::closed;
  }
  return PipeEnd::done;
}

}  // namespace learndock::sandbox
