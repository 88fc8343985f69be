#include "sandbox/processes_of.hpp"

#include "io/file.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace learndock::sandbox {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20;
/// Of processes that are looked at: a job that has more is over any limit.
constexpr std::size_t kMaxProcesses = 10'000;

std::string text_of_process(pid_t process, const char* file) {
  const Result<std::string> text = io::read_file(fmt::format("/proc/{}/{}", process, file), kMaxText);
  return text ? *text : std::string();
}

void add_children(pid_t process, std::vector<pid_t>& found) {
  std::istringstream children(text_of_process(process, fmt::format("task/{}/children", process).c_str()));
  for (pid_t child = 0; children >> child;) found.push_back(child);
}

std::uint64_t own_bytes(pid_t process) {
  std::istringstream pages(text_of_process(process, "statm"));
  std::uint64_t size = 0, resident = 0, shared = 0;
  pages >> size >> resident >> shared;
  return resident > shared ? (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::uint64_t threads_of(pid_t process) {
  const std::string status = text_of_process(process, "status");
  const std::size_t at = status.find("\nThreads:");
  std::uint64_t threads = 1;
  if (at != std::string::npos) std::istringstream(status.substr(at + 9)) >> threads;
  return threads;
}

}  // namespace

Usage usage_below(pid_t ancestor) {
  std::vector<pid_t> processes;
  add_children(ancestor, processes);
  Usage usage;
  for (std::size_t at = 0; at < processes.size() && at < kMaxProcesses; ++at) {
    const pid_t process = processes[at];
    usage.bytes += own_bytes(process);
    usage.threads += threads_of(process);
    add_children(process, processes);
  }
  return usage;
}

}  // namespace learndock::sandbox
