#include "sandbox/tool.hpp"

#include "base/ascii.hpp"
#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace learndock::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How often a stop and the end of the child are looked for.
constexpr milliseconds kStep{50};
/// The exit code of a child that could not become the program, as shells have it.
constexpr int kNotStarted = 127;

/// Variables by which an installer or a Python would look at another environment than the one that is made.
bool is_left_out(std::string_view variable) {
  constexpr std::array<std::string_view, 5> kPrefixes = {"PYTHON", "VIRTUAL_ENV", "CONDA_", "UV_PYTHON",
                                                         "UV_PROJECT"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

std::vector<std::string> variables_of(const ToolCall& call) {
  std::vector<std::string> all;
  const auto is_set = [&](std::string_view variable) {
    return std::any_of(call.variables.begin(), call.variables.end(), [&](const auto& own) {
      return variable.starts_with(own.first) && variable.substr(own.first.size()).starts_with('=');
    });
  };
  for (char** at = environ; *at != nullptr; ++at)
    if (!is_left_out(*at) && !is_set(*at)) all.emplace_back(*at);
  for (const auto& [name, value] : call.variables) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child does between fork and exec: calls that are safe in a child of a process with threads.
[[noreturn]] void become(char* const* command, char* const* variables, const char* folder, int input,
                         int output, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (folder == nullptr || ::chdir(folder) == 0) ::execve(command[0], command, variables);
  ::_exit(kNotStarted);
}

/// A running program and what it printed so far.
class Child {
 public:
  Child(pid_t pid, io::Descriptor output, std::size_t max_output)
      : pid_(pid), output_(std::move(output)), max_output_(max_output) {}
  ~Child() {
    if (pid_ > 0) {
      kill();
      while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Reads for a moment; whether the program has ended.
  bool step() {
    pollfd wait{output_.get(), POLLIN, 0};
    if (!closed_ && ::poll(&wait, 1, static_cast<int>(kStep.count())) > 0) take();
    if (closed_) ::poll(nullptr, 0, 2);
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    ::kill(-pid_, SIGKILL);  // what it left behind
    pid_ = -1;
    while (!closed_ && ::poll(&wait, 1, 0) > 0) take();
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  }
  void kill() const { ::kill(-pid_, SIGKILL); }
  ToolEnd end() { return {status_, std::move(text_)}; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void take() {
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
    if (count <= 0) {
      closed_ = count == 0 || errno != EINTR;
      return;
    }
    text_.append(buffer.data(), static_cast<std::size_t>(count));
    if (text_.size() > 2 * max_output_) text_.erase(0, text_.size() - max_output_);
  }

  pid_t pid_;
  io::Descriptor output_;
  std::size_t max_output_;
  std::string text_;
  bool closed_ = false;
  int status_ = 0;
};

Result<ToolEnd> wait_for(Child& child, const ToolCall& call) {
  const auto deadline = Clock::now() + call.patience;
  const std::string name = std::filesystem::path(call.command.front()).filename().string();
  while (!child.step()) {
    if (call.stop.stop_requested()) return fail(ErrorCode::unavailable, fmt::format("{} was stopped", name));
    if (Clock::now() > deadline)
      return fail(ErrorCode::timeout,
                  fmt::format("{} was not done after {} s", name,
                              std::chrono::duration_cast<std::chrono::seconds>(call.patience).count()));
  }
  ToolEnd end = child.end();
  if (end.status == kNotStarted && end.output.empty())
    return fail(ErrorCode::environment_tool, "the program cannot be started", call.command.front());
  return end;
}

}  // namespace

Result<ToolEnd> run_tool(const ToolCall& call) {
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return Failure(io::system_error(errno, "make", "a pipe"));
  io::Descriptor reading(pipe_ends[0]), writing(pipe_ends[1]);
  const io::Descriptor nothing(io::disk::open("/dev/null", O_RDONLY));
  std::vector<std::string> command = call.command, variables = variables_of(call);
  const std::vector<char*> command_words = pointers_to(command), variable_words = pointers_to(variables);
  const std::string folder = call.folder.string();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Failure(io::system_error(errno, "start", call.command.front()));
  if (pid == 0)
    become(command_words.data(), variable_words.data(), folder.empty() ? nullptr : folder.c_str(),
           nothing.get(), writing.get(), parent);
  ::setpgid(pid, pid);  // both do it, so that it is done whichever runs first
  writing = io::Descriptor();
  Child child(pid, std::move(reading), call.max_output);
  return wait_for(child, call);
}

std::optional<std::filesystem::path> find_program(std::string_view name) {
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none);
  if (!none) folders.push_back(self.parent_path());
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? std::string_view("/usr/bin:/bin") : std::string_view(path);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (rest.starts_with('/')) folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (const std::filesystem::path& folder : folders) {
    const std::filesystem::path file = folder / name;
    if (std::filesystem::is_regular_file(file, none) && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

}  // namespace learndock::sandbox
