#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"
#include "learndock/spec/semantic.hpp"
#include "learndock/spec/statistical.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace learndock::package {

/// Enforced while reading, before memory is taken (docs/packages.md). Lower them per dock; they are not meant
/// to rise.
struct PackageLimits {
  std::uint64_t max_archive_bytes = std::uint64_t{2} << 30;
  std::uint64_t max_expanded_bytes = std::uint64_t{8} << 30;
  std::uint64_t max_file_bytes = std::uint64_t{4} << 30;
  std::uint64_t max_entries = 10'000;
  std::size_t max_path_bytes = 512;
  std::size_t max_path_depth = 16;
  /// What a package takes of the dock (its files unpacked, its specification's numbers once more) for each
  /// byte of its archive: by so much more than what was sent an upload can fill the disk. Nothing is compared
  /// up to the allowance, which is about what the ratio gives the smallest archive there is (some 600 bytes):
  /// many small packages fill the disk no faster than one large one.
  std::uint64_t max_ratio = 50;
  std::uint64_t ratio_allowance = std::uint64_t{32} << 10;
  std::size_t max_yaml_bytes = std::size_t{1} << 20;
  std::size_t max_spec_bytes = std::size_t{16} << 20;
};

/// The model's entry point as learnware.yaml names it. Text only: the dock never imports it.
struct ModelEntry {
  std::string class_name = "Model";
  std::string module_path = "__init__.py";
  Json kwargs = Json::object();
};

/// Asked before the canonical form is written, with its length; an error means that it is not written.
using RoomCheck = std::function<Result<void>(std::uint64_t bytes)>;

/// A package that passed every structural check, repacked canonically.
struct Package {
  ModelEntry model;
  std::string name;  ///< `name` of learnware.yaml, else ""
  std::optional<spec::RkmeSpecification> statistical;
  std::string statistical_file;                         ///< path inside the package
  std::optional<spec::SemanticSpecification> semantic;  ///< from semantic_specification.json inside, if there
  std::string environment_file;                         ///< "environment.yaml" or "requirements.txt"
  std::vector<std::string> warnings;  ///< what was tolerated (ignored hidden files, inferred top folder, ...)
};

/// Reads the reference's zip package (or a folder of the same layout) with the limits above, never importing
/// code, and writes its canonical form (root layout, sorted names, stored entries, fixed times) to
/// `canonical_zip`. On failure nothing is left at `canonical_zip`.
/// @param semantic  when given, replaces the package's own semantic_specification.json in the canonical form
/// @errors zip_*, package_*, json_*, spec_*, semantic_*; `where` is the entry's name
/// @cost   one pass over the archive; memory is bounded by the limits on specifications, not by the archive
[[nodiscard]] Result<Package> read_package(const std::filesystem::path& zip_or_folder,
                                           const std::filesystem::path& canonical_zip,
                                           const spec::SemanticSpecification* semantic = nullptr,
                                           const PackageLimits& limits = {}, const RoomCheck& room = {});

/// One entry of a canonical package as bytes.
/// @param limits  those that the package was accepted under; its canonical form may be longer than the
/// archive
///                that they allow, because it is not compressed
/// @errors not_found, too_large (over max_bytes), zip_*
[[nodiscard]] Result<std::string> read_entry(const std::filesystem::path& zip, const std::string& entry,
                                             std::size_t max_bytes, const PackageLimits& limits = {});

}  // namespace learndock::package
