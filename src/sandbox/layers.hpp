#pragma once

#include "learndock/base/json_value.hpp"

#include <string>
#include <vector>

namespace learndock::sandbox {

/// One layer of protection on this host.
struct Layer {
  std::string name;      ///< "namespaces", "seccomp", "landlock", "control groups", ...
  std::string protects;  ///< what it keeps away, one sentence
  bool required = false;
  bool there = false;
  std::string detail;  ///< version, kind ("cgroup v1: memory, pids"), or why it is missing
  std::string fix;     ///< which package to install or setting to change; empty when it is there
};

/// What protects on this host, found out by trying each layer, once in a process. @threads safe @cost some 50
/// ms once
[[nodiscard]] const std::vector<Layer>& layers();

/// The first required layer that is missing; null: everything that is required is there.
[[nodiscard]] const Layer* missing_layer();

/// A list of objects with the members' names as keys; `fix` only where there is one.
[[nodiscard]] Json to_json(const std::vector<Layer>& layers);

}  // namespace learndock::sandbox
