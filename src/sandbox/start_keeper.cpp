#include "sandbox/start_keeper.hpp"

#include "io/disk.hpp"
#include "sandbox/assets.hpp"
#include "sandbox/bubblewrap.hpp"
#include "sandbox/helper/descriptors.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace learndock::sandbox {
namespace {

Failure cannot(std::string_view what) {
  return fail(ErrorCode::sandbox_failed, fmt::format("cannot {} for a job: {}", what, std::strerror(errno)));
}

struct Pipe {
  io::Descriptor read, write;
};

/// @param own  the end that this process keeps, which does not block
Result<Pipe> make_pipe(io::Descriptor Pipe::*own) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return cannot("make a pipe");
  Pipe pipe{io::Descriptor(ends[0]), io::Descriptor(ends[1])};
  if (::fcntl((pipe.*own).get(), F_SETFL, O_NONBLOCK) != 0) return cannot("set a pipe");
  return pipe;
}

/// A file in memory, at its beginning.
Result<io::Descriptor> memory_file(const char* name, std::string_view bytes) {
  constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, which kernels before 6.3 do not know
  io::Descriptor file(::memfd_create(name, MFD_CLOEXEC | kExecutable));
  if (file.get() < 0 && errno == EINVAL) file = io::Descriptor(::memfd_create(name, MFD_CLOEXEC));
  if (file.get() < 0) return cannot("make a file in memory");
  LEARNDOCK_CHECK(io::write_all_at(file.get(), bytes, 0, name));
  return file;
}

/// What the child has under which number.
class Handed {
 public:
  /// Copies the descriptor to a number above all that the child has, so that none is overwritten before it is
  /// copied.
  Result<void> add(int number, const io::Descriptor& source) {
    constexpr int kAbove = 64;
    io::Descriptor high(::fcntl(source.get(), F_DUPFD_CLOEXEC, kAbove));
    if (high.get() < 0) return cannot("copy a descriptor");
    entries_.emplace_back(number, std::move(high));
    return {};
  }
  /// In the child. Only calls that are safe between fork and exec.
  [[nodiscard]] bool install() const {
    for (const auto& [number, source] : entries_)
      if (::dup2(source.get(), number) < 0) return false;
    return true;
  }

 private:
  std::vector<std::pair<int, io::Descriptor>> entries_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

/// All signals blocked in this thread, so that no handler of this program runs in the child.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

/// In the child: becomes the keeper. Only calls that are safe between fork and exec.
[[noreturn]] void become_keeper(const Handed& handed, char* const* words, char* const* environment,
                                bool keep) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  if (handed.install() && (keep || ::syscall(SYS_close_range, kAfterLast, ~0U, 0) == 0))
    ::syscall(SYS_execveat, kHelper, "", words, environment, AT_EMPTY_PATH);
  const char* why = std::strerror(errno);
  [[maybe_unused]] const ssize_t put = ::write(kReady, why, std::strlen(why));
  ::_exit(125);
}

Result<void> hand_pipes(Keeper& keeper, Handed& handed) {
  struct Channel {
    io::Descriptor Pipe::*own;
    io::Descriptor Pipe::*other;
    io::Descriptor Keeper::*mine;
    std::initializer_list<int> numbers;
  };
  const Channel channels[] = {{&Pipe::write, &Pipe::read, &Keeper::requests, {kRequests}},
                              {&Pipe::read, &Pipe::write, &Keeper::answers, {kAnswers}},
                              {&Pipe::read, &Pipe::write, &Keeper::log, {1, 2}},
                              {&Pipe::read, &Pipe::write, &Keeper::ready, {kReady}},
                              {&Pipe::read, &Pipe::write, &Keeper::report, {kReport}},
                              {&Pipe::write, &Pipe::read, &Keeper::lifeline, {kLifeline}}};
  for (const Channel& channel : channels) {
    LEARNDOCK_TRY(Pipe pipe, make_pipe(channel.own));
    for (const int number : channel.numbers) LEARNDOCK_CHECK(handed.add(number, pipe.*channel.other));
    keeper.*channel.mine = std::move(pipe.*channel.own);
  }
  return {};
}

Result<void> hand_files(const std::string& filter, Handed& handed) {
  const io::Descriptor nothing(io::disk::open("/dev/null", O_RDONLY));
  if (nothing.get() < 0) return cannot("open /dev/null");
  LEARNDOCK_TRY(const io::Descriptor program, memory_file("learndock-filter", filter));
  LEARNDOCK_TRY(const io::Descriptor users, memory_file("learndock-accounts", accounts()));
  LEARNDOCK_TRY(const io::Descriptor helper, memory_file("learndock-helper", kLearndockHelper.bytes));
  LEARNDOCK_CHECK(handed.add(0, nothing));
  LEARNDOCK_CHECK(handed.add(kFilter, program));
  LEARNDOCK_CHECK(handed.add(kAccounts, users));
  return handed.add(kHelper, helper);
}

}  // namespace

Result<Keeper> start_keeper(const KeeperWords& words) {
  Keeper keeper;
  Handed handed;  // the child's ends, which this process closes at the end
  LEARNDOCK_CHECK(hand_pipes(keeper, handed));
  LEARNDOCK_CHECK(hand_files(words.filter, handed));
  std::vector<std::string> command = {"learndock-keeper", "keep"}, environment = words.environment;
  command.insert(command.end(), words.words.begin(), words.words.end());
  const std::vector<char*> word_list = pointers(command), variable_list = pointers(environment);
  const NoSignals blocked;
  keeper.process = ::fork();
  if (keeper.process < 0) return cannot("start a process");
  if (keeper.process == 0)
    become_keeper(handed, word_list.data(), variable_list.data(), words.keep_descriptors);
  return keeper;
}

}  // namespace learndock::sandbox
