#pragma once

#include "sandbox/switches.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace learndock::sandbox {

/// Where this process can make control groups: a folder for each thing that the kernel can limit. In version
/// 2 both are the same folder.
struct ControlGroups {
  int version = 0;
  std::filesystem::path memory, processes;  ///< empty: not on this host
  std::string missing;                      ///< why one of them is empty
};

/// Looked for once in a process, by making a group and removing it. Groups that earlier processes left
/// because they and their keepers were killed are removed then.
[[nodiscard]] const ControlGroups& control_groups();
/// The same for these folders, for tests. `mounts` is in the form of /proc/self/mounts, `own` in that of
/// /proc/self/cgroup.
[[nodiscard]] ControlGroups find_control_groups(const std::string& mounts, const std::string& own);

/// The groups of one job, which its keeper makes and removes.
class JobGroups {
 public:
  /// @param left_out  the limits that are not set
  JobGroups(const ControlGroups& home, const Limits& limits, const LeftOut& left_out);

  /// The keeper's words.
  [[nodiscard]] std::vector<std::string> words() const;
  [[nodiscard]] bool limit_memory() const { return !memory_.empty(); }
  [[nodiscard]] bool limit_processes() const { return !processes_.empty(); }

  /// What the kernel has counted in the job's groups.
  struct Counted {
    std::uint64_t peak_memory_bytes = 0;
    std::uint64_t kills = 0;           ///< for want of memory
    std::uint64_t refused_starts = 0;  ///< of processes and threads
  };
  /// @param told  the files of the groups, by path, as the keeper read them at the end
  [[nodiscard]] Counted counted(const std::map<std::string, std::string>& told) const;
  /// While the job runs.
  [[nodiscard]] std::uint64_t kills_now() const;

 private:
  int version_;
  std::filesystem::path memory_, processes_;
  Limits limits_;
};

}  // namespace learndock::sandbox
