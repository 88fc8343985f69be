#include "sandbox/bubblewrap.hpp"

#include "sandbox/helper/descriptors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kHelperInside = "/.learndock-helper";
constexpr const char* kUser = "65534";
constexpr auto kSystemLinks =
    std::to_array<const char*>({"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"});
/// The loader's table of libraries, the links by which Debian chooses among them, and the time zone.
constexpr auto kSystemFiles = std::to_array<const char*>(
    {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime"});
constexpr auto kReserved =
    std::to_array<std::string_view>({"/usr", "/etc", "/proc", "/dev", "/sys", "/bin", "/sbin", "/lib",
                                     "/lib32", "/lib64", "/libx32", "/scratch", "/tmp", kHelperInside});

void append(Words& words, std::initializer_list<std::string> more) { words.insert(words.end(), more); }

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// The job's variables, after those that each job has.
Variables variables(const Job& job) {
  Variables all = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                   {"HOME", kScratch},
                   {"TMPDIR", kScratch},
                   {"LANG", "C.UTF-8"},
                   {"LC_ALL", "C.UTF-8"}};
  // Numeric libraries start a thread for each core of the host, which may be more than the job may have.
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::string threads = std::to_string(std::clamp(job.limits.processes / 8, 1U, cores));
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
    all.emplace_back(name, threads);
  for (const auto& given : job.environment) {
    std::erase_if(all, [&](const auto& one) { return one.first == given.first; });
    all.push_back(given);
  }
  return all;
}

/// Every folder of the host but the ones that the sandbox makes itself, writable.
void mount_host(Words& words) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator("/", ignored)) {
    const std::string path = entry.path().string();
    const bool own =
        path == "/usr" || path == "/proc" || path == "/dev" || path == "/sys" || path == kScratch;
    if (!own && entry.is_directory(ignored) && !entry.is_symlink(ignored))
      append(words, {"--bind", path, path});
  }
}

void mount_system(Words& words, const LeftOut& left_out) {
  append(words, {"--ro-bind", "/usr", "/usr"});
  std::error_code ignored;
  for (const char* link : kSystemLinks) {
    if (fs::is_symlink(link, ignored))
      append(words, {"--symlink", fs::read_symlink(link, ignored).string(), link});
    else if (fs::is_directory(link, ignored))
      append(words, {"--ro-bind", link, link});
  }
  if (left_out.has(Part::mounts)) return mount_host(words);
  for (const char* file : kSystemFiles) append(words, {"--ro-bind-try", file, file});
  append(words, {"--perms", "0444", "--ro-bind-data", std::to_string(kAccounts), "/etc/passwd", "--symlink",
                 "scratch", "/tmp"});
}

void mount_all(Words& words, const Job& job, const LeftOut& left_out) {
  mount_system(words, left_out);
  append(words, {"--perms", "0555", "--ro-bind-data", std::to_string(kHelper), kHelperInside});
  for (const Binding& binding : job.bindings)
    append(words, {"--ro-bind", binding.host.string(), binding.inside});
  // Shared memory and scratch are the two places that a job can write. The rest, this instance of /proc
  // included, is mounted again without the right to write: a job of a program that root runs owns it.
  append(words, {"--proc", "/proc", "--dev", "/dev"});
  for (const char* place : {"/dev/shm", kScratch}) {
    if (!left_out.has(Part::scratch_bytes))
      append(words, {"--size", std::to_string(job.limits.scratch_bytes)});
    append(words, {"--perms", "0700", "--tmpfs", place});
  }
  append(words, {"--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/", "--chdir", kScratch});
}

void enter_namespaces(Words& words, const LeftOut& left_out) {
  append(words, {"--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-uts",
                 "--unshare-cgroup-try", "--hostname", "learndock"});
  if (!left_out.has(Part::process_ids)) append(words, {"--unshare-pid"});
  if (!left_out.has(Part::network)) append(words, {"--unshare-net"});
  if (left_out.has(Part::user))
    append(words, {"--cap-add", "ALL"});
  else
    append(words,
           {"--unshare-user", "--disable-userns", "--uid", kUser, "--gid", kUser, "--cap-drop", "ALL"});
}

void limit(Words& words, const Limits& limits, const LeftOut& left_out, bool limit_processes) {
  if (!left_out.has(Part::cpu)) append(words, {"--cpu", std::to_string(limits.cpu.count())});
  if (!left_out.has(Part::scratch_bytes))
    append(words, {"--file-bytes", std::to_string(limits.scratch_bytes)});
  if (limit_processes && !left_out.has(Part::processes))
    append(words, {"--processes", std::to_string(limits.processes)});
}

void allow_files(Words& words, const Job& job) {
  for (const char* folder : {"/usr", "/etc", "/proc", kHelperInside}) append(words, {"--read", folder});
  for (const char* folder : kSystemLinks) append(words, {"--read", folder});
  for (const Binding& binding : job.bindings) append(words, {"--read", binding.inside});
  for (const char* device :
       {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/shm", kScratch})
    append(words, {"--write", device});
}

/// The path on the host of a text that begins with a path inside the sandbox.
std::string on_host(const std::string& text, const Job& job, const std::string& scratch) {
  if (is_below(text, kScratch)) return scratch + text.substr(std::string_view(kScratch).size());
  for (const Binding& binding : job.bindings)
    if (is_below(text, binding.inside)) return binding.host.string() + text.substr(binding.inside.size());
  return text;
}

Result<void> check_binding(const Binding& binding) {
  const fs::path inside = binding.inside;
  if (!inside.is_absolute() || inside.lexically_normal() != inside || inside == "/" ||
      binding.inside.ends_with('/') ||
      std::ranges::any_of(kReserved, [&](std::string_view taken) { return is_below(binding.inside, taken); }))
    return fail(ErrorCode::invalid_argument, "a job cannot have a folder at this place", binding.inside,
                "choose a place such as /package");
  std::error_code error;
  if (!fs::exists(binding.host, error))
    return fail(ErrorCode::not_found, "there is no such file or folder for a job", binding.host.string());
  return {};
}

}  // namespace

std::optional<std::string> find_bubblewrap() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    const std::string program = std::string(folder) + "/bwrap";
    if (folder.starts_with('/') && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

Result<void> check(const Job& job) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (job.command.empty() || !job.command.front().starts_with('/') ||
      std::ranges::any_of(job.command, has_nul))
    return fail(ErrorCode::invalid_argument, "a job's command begins with the path of a program");
  for (const auto& [name, value] : job.environment)
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value))
      return fail(ErrorCode::invalid_argument, "a job's variable has no usable name", name);
  if (job.limits.processes == 0 || job.limits.memory_bytes == 0 || job.limits.scratch_bytes == 0)
    return fail(ErrorCode::invalid_argument, "a job's limits are above 0");
  for (const Binding& binding : job.bindings) LEARNDOCK_CHECK(check_binding(binding));
  return {};
}

Words bubblewrap_words(const std::string& program, const Job& job, const LeftOut& left_out,
                       bool limit_processes) {
  Words words = {program};
  enter_namespaces(words, left_out);
  mount_all(words, job, left_out);
  if (!left_out.has(Part::environment)) append(words, {"--clearenv"});
  for (const auto& [name, value] : variables(job)) append(words, {"--setenv", name, value});
  if (!left_out.has(Part::seccomp)) append(words, {"--seccomp", std::to_string(kFilter)});
  append(words, {"--", kHelperInside, "confine"});
  limit(words, job.limits, left_out, limit_processes);
  if (left_out.has(Part::landlock)) append(words, {"--no-landlock"});
  if (left_out.has(Part::descriptors)) append(words, {"--keep-descriptors"});
  allow_files(words, job);
  append(words, {"--"});
  words.insert(words.end(), job.command.begin(), job.command.end());
  return words;
}

Words direct_words(const Job& job, const std::string& scratch) {
  Words words;
  limit(words, job.limits, {}, false);
  append(words, {"--no-landlock", "--"});
  for (const std::string& word : job.command) words.push_back(on_host(word, job, scratch));
  return words;
}

Words direct_environment(const Job& job, const std::string& scratch) {
  Words words;
  for (const auto& [name, value] : variables(job)) words.push_back(name + "=" + on_host(value, job, scratch));
  return words;
}

std::string accounts() { return fmt::format("learndock:x:{0}:{0}::{1}:/bin/sh\n", kUser, kScratch); }

}  // namespace learndock::sandbox
