#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/specification/semantic.hpp"
#include "learndock/specification/statistical.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace learndock::package {

/// What runs a model: the Python code of its package, or LibTorch, which reads a TorchScript file.
enum class ModelRuntime : std::uint8_t { python, torchscript };

/// The model's entry point as learnware.yaml names it. Text only: the dock never imports it.
struct ModelEntry {
  ModelRuntime runtime = ModelRuntime::python;
  std::string file;  ///< of a TorchScript model; else ""
  std::string class_name = "Model";
  std::string module_path = "__init__.py";
  JsonValue kwargs;  ///< an object; null without any
};

/// Called before the canonical form is written, with its length; on an error it is not written.
using RoomCheck = std::function<Result<void>(std::uint64_t bytes)>;

/// A package that passed every structural check, repacked canonically.
struct Package {
  ModelEntry model;
  std::string name;  ///< `name` of learnware.yaml, else ""
  std::optional<specification::RkmeSpecification> statistical;
  std::string statistical_file;  ///< path inside the package
  std::optional<specification::SemanticSpecification>
      semantic;  ///< from the package's semantic_specification.json, if it has one
  std::string
      environment_file;  ///< "environment.yaml" or "requirements.txt"; "": a TorchScript model without one
  std::vector<std::string> warnings;  ///< what was tolerated (ignored hidden files, inferred top folder, ...)
};

/// Reads the reference's zip package (or a folder of the same layout) within `limits`, never importing code,
/// and writes its canonical form (root layout, sorted names, stored entries, fixed times) to `canonical_zip`.
/// On failure nothing is left at `canonical_zip`.
/// @param semantic  when given, replaces the package's own semantic_specification.json in the canonical form
/// @errors zip_*, package_*, json_*, spec_*, semantic_*; `where` is the entry's name
/// @cost   one pass over the archive; memory is bounded by the limits on specifications, not by the archive
[[nodiscard]] Result<Package> read_package(const std::filesystem::path& zip_or_folder,
                                           const std::filesystem::path& canonical_zip,
                                           const specification::SemanticSpecification* semantic = nullptr,
                                           const archive::ArchiveLimits& limits = {},
                                           const RoomCheck& room = {});

}  // namespace learndock::package
