#pragma once

#include "learndock/package/package.hpp"

#include "runtime/model_runner.hpp"
#include "runtime/process_runner.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace learndock::runtime {

/// A package with a TorchScript model, unpacked. It needs neither Python nor an environment.
struct TorchPackage {
  std::string learnware;         ///< id or file, for messages
  std::filesystem::path folder;  ///< of the unpacked package; it is only read
  package::ModelEntry model;
};

/// The program that runs TorchScript models: beside this program, in its library folder, or in PATH. Nothing
/// when it was not built.
[[nodiscard]] std::optional<std::filesystem::path> find_torch_program();

/// Nothing runs before the first call.
/// @errors unsupported (the program for TorchScript is not on this machine)
[[nodiscard]] Result<std::unique_ptr<ModelRunner>> torch_runner(const TorchPackage& package,
                                                                const RunnerLimits& limits,
                                                                sandbox::Protection protection,
                                                                Starter start = sandbox::start);

}  // namespace learndock::runtime
