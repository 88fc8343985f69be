#include "sandbox/control_groups.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <sstream>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "learndock-";
constexpr std::size_t kMaxFile = std::size_t{1} << 20;

std::string text_of(const fs::path& file) {
  const Result<std::string> text = io::read_file(file, kMaxFile);
  return text ? *text : std::string();
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The number after a word at a line's begin; 0 where there is none.
std::uint64_t field(std::string_view text, std::string_view name) {
  std::istringstream lines{std::string(text)};
  for (std::string word, value; lines >> word >> value;)
    if (word == name) return number_of(value);
  return 0;
}

bool has_word(std::string_view list, std::string_view wanted, char separator) {
  std::istringstream words{std::string(list)};
  for (std::string word; std::getline(words, word, separator);)
    if (word == wanted) return true;
  return false;
}

struct Mount {
  std::string type, folder, options;
};

std::vector<Mount> group_mounts(const std::string& mounts) {
  std::vector<Mount> found;
  std::istringstream lines(mounts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device;
    Mount mount;
    words >> device >> mount.folder >> mount.type >> mount.options;
    if (mount.type == "cgroup" || mount.type == "cgroup2") found.push_back(mount);
  }
  return found;
}

/// This process's own group in the hierarchy of a controller; "" names version 2's.
std::string own_group(const std::string& own, std::string_view controller) {
  std::istringstream lines(own);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    if (names == controller || (!controller.empty() && has_word(names, controller, ',')))
      return line.substr(second + 1);
  }
  return "/";
}

/// Whether a group can be made here, used and removed; else why not.
std::string try_group(const fs::path& home, const std::vector<const char*>& needed_files) {
  const fs::path group = home / fmt::format("{}{}-probe", kPrefix, ::getpid());
  if (io::disk::make_folder(group, 0755) != 0 && errno != EEXIST)
    return fmt::format("{}: {}", home.string(), std::strerror(errno));
  std::string problem;
  for (const char* file : needed_files)
    if (::access((group / file).c_str(), W_OK) != 0)
      problem = fmt::format("{} has no {}", home.string(), file);
  ::rmdir(group.c_str());
  return problem;
}

/// Removes groups of processes that are no more. One that has processes stays: the kernel does not remove it.
void remove_stale(const fs::path& home) {
  std::error_code ignored;
  std::vector<fs::path> stale;
  for (fs::directory_iterator at(home, ignored), end; at != end; at.increment(ignored)) {
    if (ignored) break;
    const std::string name = at->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const auto owner = static_cast<pid_t>(number_of(std::string_view(name).substr(kPrefix.size())));
    if (owner > 0 && owner != ::getpid() && ::kill(owner, 0) != 0 && errno == ESRCH)
      stale.push_back(at->path());
  }
  for (const fs::path& group : stale) ::rmdir(group.c_str());
}

/// The first folder of a hierarchy in which groups can be made: the process's own group, else the root.
fs::path usable(const Mount& mount, const std::string& own, const std::vector<const char*>& files,
                std::string& why) {
  const fs::path root = mount.folder;
  for (const fs::path& home : {root / fs::path(own).relative_path(), root}) {
    std::error_code ignored;
    if (!fs::is_directory(home, ignored)) continue;
    why = try_group(home, files);
    if (why.empty()) return home;
  }
  return {};
}

}  // namespace

ControlGroups find_control_groups(const std::string& mounts, const std::string& own) {
  ControlGroups found;
  std::string why_memory, why_processes, why;
  for (const Mount& mount : group_mounts(mounts)) {
    if (mount.type == "cgroup2") {
      const fs::path both = usable(mount, own_group(own, ""), {"memory.max", "pids.max"}, why);
      if (!both.empty()) return {2, both, both, ""};
      continue;
    }
    if (found.memory.empty() && has_word(mount.options, "memory", ','))
      found.memory = usable(mount, own_group(own, "memory"), {"memory.limit_in_bytes"}, why_memory);
    if (found.processes.empty() && has_word(mount.options, "pids", ','))
      found.processes = usable(mount, own_group(own, "pids"), {"pids.max"}, why_processes);
  }
  found.version = found.memory.empty() && found.processes.empty() ? 0 : 1;
  if (found.memory.empty()) found.missing = why_memory.empty() ? why : why_memory;
  if (found.processes.empty() && found.missing.empty())
    found.missing = why_processes.empty() ? why : why_processes;
  if (found.missing.empty() && (found.memory.empty() || found.processes.empty()))
    found.missing = "no hierarchy with memory and pids is mounted";
  return found;
}

const ControlGroups& control_groups() {
  static const ControlGroups found = [] {
    ControlGroups groups = find_control_groups(text_of("/proc/self/mounts"), text_of("/proc/self/cgroup"));
    if (!groups.memory.empty()) remove_stale(groups.memory);
    if (!groups.processes.empty()) remove_stale(groups.processes);
    return groups;
  }();
  return found;
}

JobGroups::JobGroups(const ControlGroups& home, const Limits& limits, const LeftOut& left_out)
    : version_(home.version), limits_(limits) {
  static std::atomic<std::uint64_t> jobs{0};
  const std::string name = fmt::format("{}{}-{}", kPrefix, ::getpid(), ++jobs);
  if (!home.memory.empty() && !left_out.has(Part::memory)) memory_ = home.memory / name;
  if (!home.processes.empty() && !left_out.has(Part::processes)) processes_ = home.processes / name;
}

std::vector<std::string> JobGroups::words() const {
  std::vector<std::string> words;
  const auto add = [&](const char* option, const fs::path& path, const std::string& value = "") {
    words.insert(words.end(), {option, path.string()});
    if (!value.empty()) words.push_back(value);
  };
  // Bubblewrap has two processes of its own beside the job's.
  const std::string processes = std::to_string(limits_.processes + 2);
  const std::string bytes = std::to_string(limits_.memory_bytes);
  if (limit_memory()) {
    add("--group", memory_);
    add("--set", memory_ / (version_ == 2 ? "memory.max" : "memory.limit_in_bytes"), bytes);
    if (version_ == 2) {
      add("--try", memory_ / "memory.swap.max", "0");
    } else {
      add("--try", memory_ / "memory.memsw.limit_in_bytes", bytes);
    }
    add("--tell", memory_ / (version_ == 2 ? "memory.events" : "memory.oom_control"));
    add("--tell", memory_ / (version_ == 2 ? "memory.peak" : "memory.max_usage_in_bytes"));
    add("--enter", memory_ / "cgroup.procs");
  }
  if (limit_processes()) {
    const bool own = processes_ != memory_;
    if (own) add("--group", processes_);
    add("--set", processes_ / "pids.max", processes);
    add("--tell", processes_ / "pids.events");
    if (own) add("--enter", processes_ / "cgroup.procs");
  }
  return words;
}

JobGroups::Counted JobGroups::counted(const std::map<std::string, std::string>& told) const {
  const auto file = [&](const fs::path& path) {
    const auto found = told.find(path.string());
    return found == told.end() ? std::string() : found->second;
  };
  Counted counts;
  if (limit_memory()) {
    counts.kills =
        field(file(memory_ / (version_ == 2 ? "memory.events" : "memory.oom_control")), "oom_kill");
    counts.peak_memory_bytes =
        number_of(file(memory_ / (version_ == 2 ? "memory.peak" : "memory.max_usage_in_bytes")));
  }
  if (limit_processes()) counts.refused_starts = field(file(processes_ / "pids.events"), "max");
  return counts;
}

std::uint64_t JobGroups::kills_now() const {
  if (!limit_memory()) return 0;
  return field(text_of(memory_ / (version_ == 2 ? "memory.events" : "memory.oom_control")), "oom_kill");
}

}  // namespace learndock::sandbox
