#pragma once

#include "learndock/package/package.hpp"

#include "runtime/environment.hpp"
#include "runtime/model_runner.hpp"
#include "runtime/process_runner.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace learndock::runtime {

/// A package of Python, unpacked, and the environment made for it.
struct PythonPackage {
  std::string learnware;         ///< id or file, for messages
  std::filesystem::path folder;  ///< of the unpacked package; it is only read
  package::ModelEntry model;
  Environment environment;
};

/// Nothing runs before the first call. @param protection  `none` only where a person asked for it
[[nodiscard]] std::unique_ptr<ModelRunner> python_runner(const PythonPackage& package,
                                                         const RunnerLimits& limits,
                                                         sandbox::Protection protection,
                                                         Starter start = sandbox::start);

}  // namespace learndock::runtime
