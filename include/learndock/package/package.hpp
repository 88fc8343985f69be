#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/ids.hpp"
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
  /// File or folder of the weights of a language model, in the package; "": learnware.yaml names none.
  std::string weights_file_path;
  /// The learnwares that the model is built on, such as the base model of an adapter.
  std::vector<std::string> required_learnware_ids;
};

/// Called before the canonical form is written, with its length; on an error it is not written.
using RoomCheck = std::function<Result<void>(std::uint64_t bytes)>;

/// Called once every check has passed, with the SHA-256 of what the package holds: the same for the same
/// files, however they are packed and whatever id a dock has written into them.
/// @return the id that is written into learnware.yaml; on an error nothing is written
using IdChoice = std::function<Result<LearnwareId>(const std::string& content_digest)>;

/// A package that passed every structural check, repacked canonically.
struct Package {
  ModelEntry model;
  std::string name;  ///< `name` of learnware.yaml, else ""
  std::optional<specification::RkmeSpecification> statistical;
  std::string statistical_file;  ///< path inside the package
  /// Its other specifications, each of another kind or shape.
  std::vector<specification::RkmeSpecification> further;
  std::optional<specification::SemanticSpecification>
      semantic;                ///< from the package's semantic_specification.json, if it has one
  std::string content_digest;  ///< as IdChoice gets it; "" without one
  /// The id of a package that has the form in which docks store and serve packages; none for others.
  std::optional<LearnwareId> dock_id;
  std::string environment_file;       ///< "environment.yaml" or "requirements.txt"; "" if there is none
  std::vector<std::string> warnings;  ///< what was tolerated (ignored hidden files, inferred top folder, ...)
};

/// Reads the reference's zip package (or a folder of the same layout) within `limits`, never importing code,
/// and writes its canonical form (root layout, sorted names, stored entries, fixed times) to `canonical_zip`.
/// On failure nothing is left at `canonical_zip`.
/// @param semantic  when given, replaces the package's own semantic_specification.json in the canonical form
/// @param id        when given, the canonical form has the two files that the reference's load_learnware
///                  asks for: learnware.yaml with the learnware's id, and semantic_specification.json, which
///                  is made of what is known where the package has none. Else files are kept as they are.
/// @errors zip_*, package_*, json_*, spec_*, semantic_*; `where` is the entry's name
/// @cost   one pass over the archive, with `id` two; memory is bounded by the limits on specifications, not
/// by the archive
[[nodiscard]] Result<Package> read_package(const std::filesystem::path& zip_or_folder,
                                           const std::filesystem::path& canonical_zip,
                                           const specification::SemanticSpecification* semantic = nullptr,
                                           const archive::ArchiveLimits& limits = {},
                                           const RoomCheck& room = {}, const IdChoice& id = {});

}  // namespace learndock::package
