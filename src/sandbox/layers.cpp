#include "sandbox/layers.hpp"

#include "learndock/base/json.hpp"

#include "sandbox/bubblewrap.hpp"
#include "sandbox/control_groups.hpp"
#include "sandbox/filter.hpp"
#include "sandbox/process.hpp"
#include "sandbox/switches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <sstream>
#include <sys/syscall.h>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

/// What the helper's `probe` found: numbers by name. Most are the errno of something that must not succeed.
using Findings = std::map<std::string, int>;

/// Runs the helper's probe in the sandbox.
Result<Findings> probe_with(const LeftOut& left_out) {
  Job job;
  job.command = {"/.learndock-helper", "probe"};
  job.limits.wall = std::chrono::seconds(10);
  job.limits.memory_bytes = std::uint64_t{64} << 20;
  LEARNDOCK_TRY(const std::unique_ptr<Process> process, start_without(job, left_out));
  const Ended& ended = process->wait();
  if (ended.cause != Cause::exited || ended.status != 0)
    return fail(ErrorCode::sandbox_failed,
                fmt::format("the probe ended with {} {}: {}", name_of(ended.cause), ended.status, ended.log));
  Findings found;
  std::istringstream lines(ended.log);
  std::string name;
  for (int value = 0; lines >> name >> value;) found[name] = value;
  return found;
}

std::string bubblewrap_version(const std::string& program) {
  Job job;
  job.command = {program, "--version"};
  job.protection = Protection::none;
  job.limits.wall = std::chrono::seconds(5);
  const auto process = start_without(job, {});
  if (!process) return "bubblewrap";
  std::string said = (*process)->wait().log;
  while (said.ends_with('\n')) said.pop_back();
  return said;
}

Layer layer(const char* name, const char* protects, bool required) {
  return {name, protects, required, false, {}, {}};
}

/// The layer of namespaces, without which nothing else can be tried.
Layer namespaces(const std::optional<std::string>& program, const Result<Findings>& plain) {
  Layer found =
      layer("namespaces",
            "the job sees no file of the host but its own and the system's programs, which it cannot change, "
            "and no other process",
            true);
  if (!program) {
    found.detail = "bubblewrap is not installed";
    found.fix = "apt-get install -y bubblewrap";
  } else if (!plain) {
    found.detail = plain.error().message;
    found.fix =
        "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), "
        "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in Docker add --security-opt "
        "seccomp=unconfined "
        "--security-opt apparmor=unconfined --security-opt systempaths=unconfined";
  } else {
    // Its own first process and itself; the host has more.
    const bool own_processes = plain->at("process") <= 4;
    found.there =
        own_processes && plain->at("secret") != 0 && plain->at("write") != 0 && plain->at("namespace") != 0;
    found.detail = found.there ? bubblewrap_version(*program) : "the probe found a way out";
    if (!found.there) found.fix = "install the distribution's current bubblewrap";
  }
  return found;
}

Layer from_probe(Layer found, const Result<Findings>& findings, const char* name, int expected,
                 const std::string& detail, const char* fix) {
  found.there = findings && findings->contains(name) && findings->at(name) == expected;
  found.detail = found.there ? detail
                 : findings  ? "the probe was not refused"
                             : "could not be tried: " + findings.error().message;
  if (!found.there) found.fix = fix;
  return found;
}

Layer landlock() {
  Layer found =
      layer("landlock", "a second barrier before files, TCP ports, abstract sockets and signals", false);
  constexpr unsigned kAskVersion = 1;
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  found.there = version >= 1;
  found.detail = found.there ? fmt::format("Landlock version {}", version) : "the kernel has no Landlock";
  if (!found.there) found.fix = "use a kernel from 5.13 on, started with landlock among its `lsm=`";
  return found;
}

Layer groups() {
  Layer found = layer("control groups", "memory and number of processes of all of the job together", false);
  const ControlGroups& home = control_groups();
  found.there = !home.memory.empty() && !home.processes.empty();
  if (found.there) {
    found.detail = fmt::format("cgroup v{}: memory, pids", home.version);
    return found;
  }
  found.detail = fmt::format(
      "{}; instead the program adds up the job's processes every 50 ms, which a fast job can overrun for "
      "that long",
      home.missing);
  found.fix =
      "let the program make control groups: run it as root, or with Delegate=memory pids in its systemd unit";
  return found;
}

std::vector<Layer> try_all() {
  const std::optional<std::string> program = find_bubblewrap();
  const Failure none = fail(ErrorCode::sandbox_missing, "bubblewrap is not installed");
  const Result<Findings> plain =
      program ? probe_with({Part::seccomp, Part::landlock}) : Result<Findings>(none);
  const Result<Findings> full = plain ? probe_with({}) : plain;
  std::vector<Layer> found = {namespaces(program, plain)};
  found.push_back(from_probe(layer("no network", "the job reaches no address and no one reaches it", true),
                             plain, "interfaces", 0, "a network namespace without interfaces",
                             "allow network namespaces"));
  found.push_back(from_probe(
      layer("seccomp",
            "system calls that reach other processes, the network or little tried parts of the kernel fail",
            true),
      full, "socket", EPERM, filter_library(), "use a kernel with CONFIG_SECCOMP_FILTER"));
  found.push_back(from_probe(
      layer("rlimits", "processor time, size of files, number of descriptors, no core files", true), plain,
      "core", 0, "setrlimit", "let the program lower its limits"));
  Layer watching =
      layer("supervisor", "the wall clock, a bounded log, and the end of every process of a job", true);
  watching.there = plain.has_value();
  watching.detail =
      plain ? "a keeper process that also ends the job when this program is killed" : "could not be tried";
  if (!plain) watching.fix = found.front().fix;
  found.push_back(std::move(watching));
  found.push_back(landlock());
  found.push_back(groups());
  return found;
}

}  // namespace

const std::vector<Layer>& layers() {
  static const std::vector<Layer> found = try_all();
  return found;
}

const Layer* missing_layer() {
  const std::vector<Layer>& all = layers();
  const auto missing = std::ranges::find_if(all, [](const Layer& one) { return one.required && !one.there; });
  return missing == all.end() ? nullptr : &*missing;
}

Json to_json(const std::vector<Layer>& layers) {
  Json list = Json::array();
  for (const Layer& one : layers) {
    Json entry = {{"name", one.name},
                  {"protects", one.protects},
                  {"required", one.required},
                  {"there", one.there},
                  {"detail", one.detail}};
    if (!one.fix.empty()) entry["fix"] = one.fix;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace learndock::sandbox
