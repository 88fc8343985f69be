#include "sandbox/process.hpp"

#include "io/file.hpp"
#include "sandbox/control_groups.hpp"
#include "sandbox/processes_of.hpp"
#include "sandbox/sandbox_scene.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class SandboxedProcess : public SandboxTest {
 protected:
  static std::unique_ptr<Process> started(const Job& job) {
    auto process = start(job);
    if (!process) throw std::runtime_error(describe(process.error()));
    return std::move(*process);
  }
  static Ended ended(const Job& job) {
    const Result<Ended> end = run(job);
    if (!end) throw std::runtime_error(describe(end.error()));
    return *end;
  }
  static Result<void> send(Process& process, const std::string& text) {
    return process.send(std::as_bytes(std::span(text)), 10s);
  }
};

TEST_F(SandboxedProcess, AnswersRequests) {
  const auto process = started(shell("while read line <&3; do echo got $line >&4; done; echo bye"));
  for (const char* word : {"one", "two"}) {
    ASSERT_TRUE(send(*process, std::string(word) + "\n"));
    std::array<std::byte, 8> answer{};
    ASSERT_TRUE(process->receive(answer, 10s));
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(answer.data()), answer.size()),
              std::string("got ") + word + "\n");
  }
  process->close_requests();
  const Ended& end = process->wait();
  EXPECT_EQ(end.cause, Cause::exited);
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.log, "bye\n");
  EXPECT_GT(end.peak_memory_bytes, 0U);
  EXPECT_GT(end.seconds, 0);
}

TEST_F(SandboxedProcess, CarriesLargeArrays) {
  const auto process = started(shell("cat <&3 >&4"));
  const std::vector<std::byte> sent(std::size_t{8} << 20, std::byte{7});
  std::vector<std::byte> back(sent.size());
  std::jthread writer([&] { EXPECT_TRUE(process->send(sent, 60s)); });
  EXPECT_TRUE(process->receive(back, 60s));
  EXPECT_EQ(back, sent);
}

TEST_F(SandboxedProcess, SaysHowItEnded) {
  EXPECT_EQ(ended(shell("exit 7")).status, 7);
  const Ended crashed = ended(shell("kill -SEGV $$"));
  EXPECT_EQ(crashed.cause, Cause::signalled);
  EXPECT_EQ(crashed.status, SIGSEGV);
}

TEST_F(SandboxedProcess, LogHasBothStreamsAndALimit) {
  Job job = shell(
      "echo out; echo err >&2; i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done; echo last");
  job.limits.log_bytes = 1000;
  const Ended end = ended(job);
  EXPECT_THAT(end.log, HasSubstr("out\nerr\n"));
  EXPECT_THAT(end.log, HasSubstr("last\n"));
  EXPECT_LT(end.log.size(), 1100U);
  EXPECT_EQ(end.log_dropped, 3000U * 11 + 8 + 5 - 1000);
}

TEST_F(SandboxedProcess, LimitsEndIt) {
  Job sleeper = shell("sleep 60");
  sleeper.limits.wall = 300ms;
  const Ended slept = ended(sleeper);
  EXPECT_EQ(slept.cause, Cause::wall_limit);
  EXPECT_LT(slept.seconds, 10);
  Job busy = shell("while :; do :; done");
  busy.limits.cpu = 1s;
  EXPECT_EQ(ended(busy).cause, Cause::cpu_limit);
  Job large = job_of({kPython, "-c", "x = []\nwhile True: x.append(b'x' * (1 << 20))"});
  large.limits.memory_bytes = std::uint64_t{64} << 20;
  EXPECT_EQ(ended(large).cause, Cause::memory_limit);
}

TEST_F(SandboxedProcess, ReceiveAndSendHaveADeadline) {
  const auto process = started(shell("sleep 60"));
  std::array<std::byte, 1> byte{};
  const auto received = process->receive(byte, 50ms);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::sandbox_timeout);
  const std::vector<std::byte> much(std::size_t{1} << 22);
  const auto sent = process->send(much, 50ms);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::sandbox_timeout);
}

TEST_F(SandboxedProcess, AnEndedJobIsAnErrorAndNoSignal) {
  const auto process = started(shell("exit 3"));
  std::array<std::byte, 1> byte{};
  const auto received = process->receive(byte, 10s);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::sandbox_ended);
  EXPECT_THAT(received.error().message, HasSubstr("exited 3"));
  const auto sent = send(*process, "x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::sandbox_ended);
}

TEST_F(SandboxedProcess, CanBeCancelledFromAnotherThread) {
  const auto process = started(shell("sleep 60"));
  std::jthread other([&] { process->cancel(); });
  EXPECT_EQ(process->wait().cause, Cause::cancelled);
  process->cancel();
  EXPECT_EQ(process->wait().cause, Cause::cancelled);
}

TEST_F(SandboxedProcess, AnEndBeforeTheCancellationStays) {
  const auto process = started(shell("exit 4"));
  EXPECT_EQ(process->wait().status, 4);
  process->cancel();
  EXPECT_EQ(process->wait().cause, Cause::exited);
}

TEST_F(SandboxedProcess, HasItsBindingsAndItsVariablesAlone) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(io::write_user_file(folder / "model", "weights"));
  Job job = shell(
      "cat /package/model; echo; echo $GREETING; (echo x > /package/model) 2>/dev/null || echo read-only; "
      "env | wc -l");
  job.bindings = {{folder.path(), "/package"}};
  job.environment = {{"GREETING", "hello there"}};
  EXPECT_EQ(ended(job).log, "weights\nhello there\nread-only\n10\n");
}

TEST_F(SandboxedProcess, StartsThreadsOfNumericLibraries) {
  if (std::system("/usr/bin/python3 -c 'import numpy, sklearn' >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no numpy and sklearn for the system's python3";
  Job job = job_of({kPython, "-c",
                    "import numpy as np\nfrom sklearn.ensemble import RandomForestClassifier\n"
                    "x = np.random.rand(500, 4); y = (x[:, 0] > 0.5).astype(int)\n"
                    "print((np.random.rand(300, 300) @ np.random.rand(300, 300)).shape)\n"
                    "print(RandomForestClassifier(10, n_jobs=2).fit(x, y).score(x, y) > 0.9)"});
  job.limits.memory_bytes = std::uint64_t{1} << 30;
  const Ended end = ended(job);
  EXPECT_EQ(end.log, "(300, 300)\nTrue\n");
  EXPECT_EQ(end.status, 0);
}

TEST_F(SandboxedProcess, RefusesJobsThatCannotBe) {
  const auto code_of = [](const Job& job) {
    const auto refused = start(job);
    return refused ? ErrorCode::internal : refused.error().code;
  };
  EXPECT_EQ(code_of(job_of({})), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(job_of({"python3"})), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(job_of({"/no/such/program"})), ErrorCode::sandbox_failed);
  for (const char* inside : {"/usr/x", "/scratch", "package", "/a/../b", "/", "/proc/1", "/dev/shm"}) {
    Job job = shell("true");
    job.bindings = {{"/usr", inside}};
    EXPECT_EQ(code_of(job), ErrorCode::invalid_argument) << inside;
  }
  Job job = shell("true");
  job.bindings = {{"/no/such/folder", "/package"}};
  EXPECT_EQ(code_of(job), ErrorCode::not_found);
}

TEST_F(SandboxedProcess, ManyRunAtOnce) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([thread] {
      for (int turn = 0; turn < 5; ++turn) {
        const std::string word = std::to_string(thread * 100 + turn);
        EXPECT_EQ(ended(shell("echo " + word)).log, word + "\n");
      }
    });
}

/// The groups and folders that a process's jobs left on this machine.
int folders_of(pid_t owner) {
  const std::string name = "learndock-" + std::to_string(owner) + "-";
  int found = 0;
  for (const std::filesystem::path& home :
       {control_groups().memory, control_groups().processes, std::filesystem::temp_directory_path()}) {
    if (home.empty()) continue;
    for (const auto& entry : std::filesystem::directory_iterator(home))
      if (entry.path().filename().string().starts_with(name)) ++found;
  }
  return found;
}

/// Starts a job in another process, which is then ended by a signal.
void expect_nothing_left(int signal, Protection protection) {
  const std::string mark = "3" + std::to_string(::getpid()) + ".25";  // the seconds of a sleep
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    Job job = shell("(setsid sleep " + mark + " &); sleep " + mark);
    job.protection = protection;
    const auto process = start(job);
    [[maybe_unused]] const ssize_t put = ::write(ends[1], process ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char started = 0;
  ASSERT_EQ(::read(ends[0], &started, 1), 1);
  EXPECT_EQ(started, 'y');
  std::this_thread::sleep_for(200ms);
  EXPECT_GE(processes_with(mark), 2);
  EXPECT_GE(folders_of(owner), control_groups().memory.empty() ? 0 : 1);
  ::kill(owner, signal);
  ::waitpid(owner, nullptr, 0);
  for (int turn = 0; turn < 100; ++turn) {
    if (processes_with(mark) == 0 && folders_of(owner) == 0) break;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(processes_with(mark), 0);
  EXPECT_EQ(folders_of(owner), 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(SandboxedProcess, LeavesNothingWhenItsOwnerIsKilled) {
  expect_nothing_left(SIGKILL, Protection::full);
}
TEST_F(SandboxedProcess, LeavesNothingAfterCtrlC) { expect_nothing_left(SIGINT, Protection::full); }
TEST_F(SandboxedProcess, LeavesNothingAfterSigterm) { expect_nothing_left(SIGTERM, Protection::full); }

class UnprotectedProcess : public ::testing::Test {
 protected:
  static Ended ended(Job job) {
    job.protection = Protection::none;
    const Result<Ended> end = run(job);
    if (!end) throw std::runtime_error(describe(end.error()));
    return *end;
  }
};

TEST_F(UnprotectedProcess, RunsWithTheSamePathsInItsWords) {
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(io::write_user_file(folder / "model", "weights"));
  Job job = job_of({"/bin/cat", "/package/model"});
  job.bindings = {{folder.path(), "/package"}};
  EXPECT_EQ(ended(job).log, "weights");
  job.command = {"/bin/sh", "-c", "cat $MODEL; touch here; ls $SCRATCH"};
  job.environment = {{"MODEL", "/package/model"}, {"SCRATCH", "/scratch"}};
  EXPECT_EQ(ended(job).log, "weightshere\n");
}

TEST_F(UnprotectedProcess, HasLimitsAndNoVariablesOfThisProcess) {
  ::setenv("LEARNDOCK_TEST_SECRET", "secret", 1);
  EXPECT_EQ(ended(shell("echo [$LEARNDOCK_TEST_SECRET]")).log, "[]\n");
  Job sleeper = shell("sleep 60");
  sleeper.limits.wall = 300ms;
  EXPECT_EQ(ended(sleeper).cause, Cause::wall_limit);
}

TEST_F(UnprotectedProcess, LeavesNothing) {
  expect_nothing_left(SIGKILL, Protection::none);
  expect_nothing_left(SIGINT, Protection::none);
}

TEST(UsageBelow, AddsUpDescendants) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char> memory(std::size_t{32} << 20, 'x');
    [[maybe_unused]] const ssize_t put = ::write(ends[1], memory.data(), 1);
    for (;;) ::pause();
  }
  char done = 0;
  ASSERT_EQ(::read(ends[0], &done, 1), 1);
  const Usage usage = usage_below(::getpid());
  EXPECT_GE(usage.bytes, std::uint64_t{32} << 20);
  EXPECT_GE(usage.threads, 1U);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace learndock::sandbox
