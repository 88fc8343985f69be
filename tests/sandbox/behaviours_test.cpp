// The table of hostile behaviours: each is contained, and happens once the layer that contains it is left
// out.
#include "io/descriptor.hpp"
#include "io/file.hpp"
#include "sandbox/sandbox_scene.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <netinet/in.h>
#include <ostream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// What a behaviour could reach on this machine, all of it the test's own.
class Surroundings {
 public:
  Surroundings() {
    for (const char* folder : {"package", "other"}) std::filesystem::create_directory(place_ / folder);
    for (const char* file : {"secret", "other/secret"}) write(place_ / file);
    tcp_ = bound(AF_INET, SOCK_STREAM, port_tcp_);
    udp_ = bound(AF_INET, SOCK_DGRAM, port_udp_);
    database_ = listen_at((place_ / "database").string(), false);
    abstract_ = listen_at(abstract_name(), true);
    child_ = ::fork();
    if (child_ == 0)
      for (;;) ::pause();
  }
  ~Surroundings() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return (place_ / name).string(); }
  [[nodiscard]] std::string place() const { return place_.path().string(); }
  [[nodiscard]] std::string port_tcp() const { return std::to_string(port_tcp_); }
  [[nodiscard]] std::string port_udp() const { return std::to_string(port_udp_); }
  [[nodiscard]] std::string abstract_name() const { return "learndock-test-" + std::to_string(::getpid()); }
  [[nodiscard]] std::string child() const { return std::to_string(child_); }
  [[nodiscard]] bool child_lives() const {
    siginfo_t gone{};
    return ::waitid(P_PID, static_cast<id_t>(child_), &gone, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           gone.si_pid == 0;
  }

 private:
  static void write(const std::filesystem::path& path) { ASSERT_TRUE(io::write_user_file(path, "secret")); }
  static io::Descriptor bound(int family, int kind, std::uint16_t& port) {
    io::Descriptor one(::socket(family, kind | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(one.get(), reinterpret_cast<const sockaddr*>(&address), size);
    if (kind == SOCK_STREAM) ::listen(one.get(), 8);
    ::getsockname(one.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return one;
  }
  static io::Descriptor listen_at(const std::string& name, bool abstract) {
    io::Descriptor one(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + (abstract ? 1 : 0), sizeof address.sun_path - 2);
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + 1;
    ::bind(one.get(), reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
    ::listen(one.get(), 8);
    return one;
  }

  testing::TemporaryFolder place_;
  io::Descriptor tcp_, udp_, database_, abstract_;
  std::uint16_t port_tcp_ = 0, port_udp_ = 0;
  pid_t child_ = -1;
};

struct Outcome {
  std::string answers;
  Ended ended;
};

using Escaped = std::function<bool(const Surroundings&, const Outcome&)>;

bool by_answer(const Surroundings&, const Outcome& outcome) { return outcome.answers.starts_with("escaped"); }
bool child_is_dead(const Surroundings& around, const Outcome&) {
  // A killed process is gone a little later.
  for (int turn = 0; turn < 50 && around.child_lives(); ++turn) std::this_thread::sleep_for(20ms);
  return !around.child_lives();
}
bool log_is_long(const Surroundings&, const Outcome& outcome) {
  return outcome.ended.log.size() > (1U << 20);
}
/// A supervisor that takes the answer from a file reads another file instead.
bool file_leads_elsewhere(const Surroundings& around, const Outcome&) {
  const Result<std::string> text = io::read_file(around.path("result"));
  return text && *text == "secret";
}
/// A supervisor that takes the answer from a file waits for ever.
bool file_is_pipe(const Surroundings& around, const Outcome&) {
  struct stat about {};
  return ::lstat(around.path("result").c_str(), &about) == 0 && S_ISFIFO(about.st_mode);
}

struct Row {
  std::string name;      ///< of the test
  std::string function;  ///< in behaviours.py
  LeftOut left_out = {};
  std::vector<Cause> causes = {};  ///< one of them, where the end is by a limit; empty: the program's own end
  std::function<std::vector<std::string>(const Surroundings&)> arguments = {};
  Escaped escaped = by_answer;
  std::function<void(Limits&)> limits = {};
  bool as_root = false;  ///< the control needs the rights of root
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

std::vector<std::string> place_of(const Surroundings& around) { return {around.place()}; }
std::vector<std::string> secret_of(const Surroundings& around) { return {around.path("other/secret")}; }
std::vector<std::string> database_of(const Surroundings& around) { return {around.path("database")}; }
std::vector<std::string> tcp_of(const Surroundings& around) { return {around.port_tcp()}; }
std::vector<std::string> udp_of(const Surroundings& around) { return {around.port_udp()}; }
std::vector<std::string> abstract_of(const Surroundings& around) { return {around.abstract_name()}; }
std::vector<std::string> child_of(const Surroundings& around) { return {around.child()}; }
std::vector<std::string> this_process(const Surroundings&) {
  return {std::to_string(::getpid()), program_invocation_short_name};
}
void second_of_cpu(Limits& limits) { limits.cpu = 1s; }
void second_of_wall(Limits& limits) { limits.wall = 1s; }
void much_memory(Limits& limits) { limits.memory_bytes = std::uint64_t{4} << 30; }
void little_memory(Limits& limits) { limits.memory_bytes = std::uint64_t{64} << 20; }

using enum Part;

std::vector<Row> using_up() {
  const std::vector<Cause> memory = {Cause::memory_limit, Cause::exited};
  const std::vector<Cause> processes = {Cause::process_limit, Cause::exited};
  return {{"fork_bomb", "fork_bomb", {Part::processes}, processes, {}, by_answer, much_memory},
          {"thread_bomb", "thread_bomb", {Part::processes}, processes},
          {"huge_malloc", "huge_malloc", {Part::memory}, memory},
          {"map_and_touch", "map_and_touch", {Part::memory}, memory},
          {"fill_scratch", "fill_scratch", {scratch_bytes}},
          {"fill_inodes", "fill_inodes", {Part::memory}, memory, {}, by_answer, little_memory},
          {"many_log_lines", "many_log_lines", {log_bytes}, {}, {}, log_is_long},
          {"endless_loop", "endless_loop", {cpu}, {Cause::cpu_limit}, {}, by_answer, second_of_cpu},
          {"endless_sleep", "endless_sleep", {wall}, {Cause::wall_limit}, {}, by_answer, second_of_wall},
          {"deaf_to_signals", "deaf_to_signals", {wall}, {Cause::wall_limit}, {}, by_answer, second_of_wall},
          {"daemon", "daemon", {process_ids}},
          {"busy_orphan", "busy_orphan", {process_ids}}};
}

std::vector<Row> files() {
  const LeftOut file_layers = {mounts, landlock};
  return {{"password_file", "read_password_file", file_layers, {}, {}, by_answer, {}, true},
          {"host_process", "read_host_process", {process_ids}, {}, this_process},
          {"other_package", "read_file", file_layers, {}, secret_of},
          {"database_socket", "connect_to_file_socket", {mounts, landlock, seccomp}, {}, database_of},
          {"environment", "read_environment", {environment}},
          {"metadata_address", "route_to_metadata", {network, seccomp}},
          {"inherited_descriptor", "read_inherited_descriptor", {descriptors}},
          {"write_outside", "write_outside", file_layers, {}, place_of},
          {"link_swapped", "swap_links", file_layers, {}, place_of, file_leads_elsewhere},
          {"sparse_output", "sparse_output", {scratch_bytes}, {Cause::exited, Cause::signalled}},
          {"output_is_pipe", "result_as_pipe", file_layers, {}, place_of, file_is_pipe}};
}

std::vector<Row> network_and_kernel() {
  const LeftOut all_of_network = {network, seccomp, landlock};
  return {{"tcp", "connect_tcp", all_of_network, {}, tcp_of},
          {"udp", "send_udp", all_of_network, {}, udp_of},
          {"dns", "ask_name_server", all_of_network, {}, udp_of},
          {"abstract_socket", "connect_to_abstract_socket", all_of_network, {}, abstract_of},
          {"vsock", "virtual_machine_socket", all_of_network},
          {"raw_socket", "raw_socket", {network, seccomp, landlock, user}, {}, {}, by_answer, {}, true},
          {"listen", "listen", all_of_network},
          {"ptrace", "trace", {seccomp}},
          {"unshare", "new_namespace", {seccomp, user}, {}, {}, by_answer, {}, true},
          {"mount", "mount", {seccomp, landlock, user}, {}, {}, by_answer, {}, true},
          {"io_uring", "io_uring", {seccomp}},
          {"tiocsti", "type_on_terminal", {seccomp, landlock}},
          {"kill_all", "kill_others", {process_ids, landlock}, {}, child_of, child_is_dead},
          {"precedence", "take_precedence", {seccomp}}};
}

class Behaviour : public ::testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    if (const std::string why = cannot_run(); !why.empty()) GTEST_SKIP() << why;
    ::setenv("LEARNDOCK_TEST_SECRET", "secret", 1);
    const io::Descriptor file(::open(around_.path("secret").c_str(), O_RDONLY | O_CLOEXEC));
    // Above the numbers that a job has anyway, and left open when another program is started.
    inherited_ = io::Descriptor(::fcntl(file.get(), F_DUPFD, 100));
  }
  Outcome run_it(const char* mode, const LeftOut& left_out) {
    const Row& row = GetParam();
    Job job = job_of({kPython, "-X", "mark=" + mark_, "/behaviours.py", row.function, mode});
    if (row.arguments)
      for (const std::string& one : row.arguments(around_)) job.command.push_back(one);
    job.bindings = {{LEARNDOCK_BEHAVIOURS, "/behaviours.py"}, {around_.path("package"), "/package"}};
    if (row.limits) row.limits(job.limits);
    const auto process = start_without(job, left_out);
    if (!process) {
      ADD_FAILURE() << describe(process.error());
      return {};
    }
    Outcome outcome;
    outcome.answers = all_answers(**process);
    outcome.ended = (*process)->wait();
    return outcome;
  }

  Surroundings around_;
  io::Descriptor inherited_;
  const std::string mark_ = "learndock" + std::to_string(::getpid());
};

std::string told(const Outcome& outcome) {
  return "answer \"" + outcome.answers + "\", end " + name_of(outcome.ended.cause) + " " +
         std::to_string(outcome.ended.status) + "\n" + outcome.ended.log.substr(0, 2000);
}

TEST_P(Behaviour, IsContained) {
  const Row& row = GetParam();
  const Outcome outcome = run_it("full", {});
  EXPECT_FALSE(row.escaped(around_, outcome)) << told(outcome);
  if (!row.causes.empty()) {
    EXPECT_THAT(row.causes, ::testing::Contains(outcome.ended.cause)) << told(outcome);
  } else {
    EXPECT_EQ(outcome.ended.cause, Cause::exited) << told(outcome);
  }
  EXPECT_TRUE(around_.child_lives());
  EXPECT_EQ(processes_with(mark_), 0) << "all of them are gone when the end is known";
}

TEST_P(Behaviour, HappensWithoutTheLayer) {
  const Row& row = GetParam();
  if (row.as_root && ::geteuid() != 0) GTEST_SKIP() << "only root could do this without the sandbox";
  const Outcome outcome = run_it("off", row.left_out);
  if (outcome.answers.starts_with("absent")) GTEST_SKIP() << outcome.answers;
  EXPECT_TRUE(row.escaped(around_, outcome)) << told(outcome);
}

std::string name_of_row(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(UsingUp, Behaviour, ::testing::ValuesIn(using_up()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Files, Behaviour, ::testing::ValuesIn(files()), name_of_row);
INSTANTIATE_TEST_SUITE_P(NetworkAndKernel, Behaviour, ::testing::ValuesIn(network_and_kernel()), name_of_row);

// Forging a verdict. What contains it is no layer but the rule by which an answer counts: it repeats a number
// that the job had to read, and comes by descriptor 4. The controls are supervisors with weaker rules.

constexpr const char* kNonce = "6f1d0c52a3";

class Forgery : public SandboxTest {
 protected:
  static Outcome run_it(const std::string& function) {
    Job job = job_of({kPython, "/behaviours.py", function, "full"});
    job.bindings = {{LEARNDOCK_BEHAVIOURS, "/behaviours.py"}};
    const auto process = start(job);
    if (!process) {
      ADD_FAILURE() << describe(process.error());
      return {};
    }
    const std::string nonce = std::string(kNonce) + "\n";
    // A job that does not read it may have ended.
    [[maybe_unused]] const auto sent = (*process)->send(std::as_bytes(std::span(nonce)), 10s);
    Outcome outcome;
    outcome.answers = all_answers(**process);
    outcome.ended = (*process)->wait();
    return outcome;
  }
  static bool accepted(const Outcome& outcome) { return outcome.answers == std::string(kNonce) + " ok\n"; }
};

TEST_F(Forgery, HonestAnswerIsAccepted) { EXPECT_TRUE(accepted(run_it("honest"))); }

TEST_F(Forgery, EarlyAnswer) {
  const Outcome outcome = run_it("early_answer");
  EXPECT_FALSE(accepted(outcome));
  EXPECT_THAT(outcome.answers, HasSubstr("ok")) << "a supervisor that only looks for the word is deceived";
}

TEST_F(Forgery, FakeLog) {
  const Outcome outcome = run_it("fake_log");
  EXPECT_FALSE(accepted(outcome));
  EXPECT_THAT(outcome.ended.log, HasSubstr("verdict: ok")) << "a supervisor that reads the log is deceived";
}

TEST_F(Forgery, SuccessAfterACrash) {
  const Outcome outcome = run_it("hidden_crash");
  EXPECT_FALSE(accepted(outcome));
  EXPECT_EQ(outcome.ended.status, 0) << "a supervisor that goes by the exit code is deceived";
}

TEST_F(Forgery, GoodOnlyWhileTested) {
  GTEST_SKIP()
      << "no test can tell a model that is honest from one that is honest only here (docs/sandbox.md)";
}

}  // namespace
}  // namespace learndock::sandbox
