#include "sandbox/processes_of.hpp"

#include "io/file.hpp"
#include "sandbox/job.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/statvfs.h>
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

/// The number after a name in /proc/PID/status; 0 where there is none.
std::uint64_t status_field(const std::string& status, std::string_view name) {
  const std::size_t at = status.find("\n" + std::string(name) + ":");
  std::uint64_t value = 0;
  if (at != std::string::npos) std::istringstream(status.substr(at + name.size() + 2, 40)) >> value;
  return value;
}

/// The memory of a job's scratch folder: its files, and about a kibibyte of the kernel's for each. The job
/// cannot put another folder in this place, and only numbers are read. A process without a sandbox, or not
/// yet in one, sees a folder of this name that the host may have, which does not count.
std::uint64_t scratch_bytes_of(pid_t process) {
  constexpr std::uint64_t kOfEachFile = 1024;
  const std::string inside = fmt::format("/proc/{}/root{}", process, kScratch);
  struct stat job {
  }, host{};
  struct statvfs about {};
  if (::stat(inside.c_str(), &job) != 0 || ::statvfs(inside.c_str(), &about) != 0) return 0;
  if (::stat(kScratch, &host) == 0 && host.st_dev == job.st_dev) return 0;
  return (about.f_blocks - about.f_bfree) * about.f_frsize + (about.f_files - about.f_ffree) * kOfEachFile;
}

}  // namespace

Usage usage_below(pid_t ancestor) {
  std::vector<pid_t> processes;
  add_children(ancestor, processes);
  Usage usage;
  for (std::size_t at = 0; at < processes.size() && at < kMaxProcesses; ++at) {
    const pid_t process = processes[at];
    const std::string status = text_of_process(process, "status");
    constexpr std::uint64_t kKibibyte = 1024;
    usage.bytes += (status_field(status, "RssAnon") + status_field(status, "RssShmem")) * kKibibyte;
    usage.threads += status_field(status, "Threads");
    add_children(process, processes);
  }
  usage.processes = processes.size();
  // The last one is the farthest from bubblewrap's own processes, which see another root while they set it
  // up.
  if (!processes.empty()) usage.bytes += scratch_bytes_of(processes.back());
  return usage;
}

}  // namespace learndock::sandbox
