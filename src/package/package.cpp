#include "learndock/package/package.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "archive/zip_directory.hpp"
#include "archive/zip_writer.hpp"
#include "base/shorten.hpp"
#include "package/contents.hpp"
#include "package/layout.hpp"
#include "package/manifest.hpp"
#include "package/requirements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace learndock::package {
namespace {

constexpr std::string_view kManifest = "learnware.yaml";

/// The state of read_package: the files and what is known of them.
struct Draft {
  const Contents& contents;
  const Layout& layout;
  const archive::ArchiveLimits& limits;
};

/// Reads a small file as a whole. `over` is the error code when it is too long.
Result<std::string> read_small(const Draft& draft, std::size_t index, std::size_t max_bytes, ErrorCode over) {
  const ContentEntry& entry = draft.contents.entries()[index];
  if (entry.bytes > max_bytes)
    return fail(over, fmt::format("the file has {} bytes, the limit is {}", entry.bytes, max_bytes),
                entry.name);
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(entry.bytes));
  LEARNDOCK_CHECK(draft.contents.read(index, [&](std::string_view piece) -> Result<void> {
    bytes.append(piece);
    return {};
  }));
  return bytes;
}

Result<Manifest> load_manifest(const Draft& draft) {
  const std::string name(kManifest);
  LEARNDOCK_TRY(const std::size_t index, require_file(draft.layout, name, "the learnware's manifest"));
  LEARNDOCK_TRY(const std::string text,
                read_small(draft, index, draft.limits.max_yaml_bytes, ErrorCode::package_yaml_size));
  auto manifest = read_manifest(text, draft.limits);
  if (!manifest) return pass_on(std::move(manifest).error(), name);
  return manifest;
}

/// The one of several specifications that the dock searches by: the most specific one.
const StatisticalEntry* choose(const std::vector<StatisticalEntry>& entries) {
  const auto found = std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.kind->rank < b.kind->rank;
  });
  return found == entries.end() ? nullptr : &*found;
}

Result<specification::RkmeSpecification> parse_statistical(const std::string& text,
                                                           const StatisticalEntry& entry,
                                                           const archive::ArchiveLimits& limits) {
  LEARNDOCK_TRY(Json json, parse_json(text, {limits.max_spec_bytes, 64}));
  // A file without a type is what learnware.yaml says it is.
  if (json.is_object() && !json.contains("type")) json["type"] = entry.kind->name();
  LEARNDOCK_TRY(specification::RkmeSpecification statistical, specification::from_json(json));
  if (statistical.kind == entry.kind) return statistical;
  return fail(ErrorCode::package_spec_mismatch,
              fmt::format("the file holds a {}, learnware.yaml announces a {}", statistical.kind->name(),
                          entry.kind->name()),
              "/type", "make class_name in learnware.yaml and \"type\" in the file agree");
}

Result<void> load_statistical(const Draft& draft, const Manifest& manifest, Package& package) {
  for (const StatisticalEntry& entry : manifest.statistical)
    LEARNDOCK_CHECK(
        require_file(draft.layout, entry.file_name, "a statistical specification that learnware.yaml names"));
  const StatisticalEntry* chosen = choose(manifest.statistical);
  if (chosen == nullptr) {
    package.warnings.emplace_back("no statistical specification: only semantic search finds this learnware");
    return {};
  }
  if (manifest.statistical.size() > 1)
    package.warnings.push_back(fmt::format("of {} statistical specifications {} ({}) is used",
                                           manifest.statistical.size(), chosen->file_name,
                                           chosen->kind->name()));
  const std::size_t index = draft.layout.files.at(chosen->file_name);
  LEARNDOCK_TRY(const std::string text,
                read_small(draft, index, draft.limits.max_spec_bytes, ErrorCode::json_size));
  auto statistical = parse_statistical(text, *chosen, draft.limits);
  if (!statistical) return pass_on(std::move(statistical).error(), chosen->file_name);
  package.statistical = std::move(*statistical);
  package.statistical_file = chosen->file_name;
  return {};
}

Result<void> load_semantic(const Draft& draft, const specification::SemanticSpecification* given,
                           Package& package) {
  if (given != nullptr) {
    package.semantic = *given;
    return {};
  }
  const auto found = draft.layout.files.find(std::string(kSemanticFile));
  if (found == draft.layout.files.end()) {
    package.warnings.emplace_back("no semantic specification: add one when the learnware is submitted");
    return {};
  }
  LEARNDOCK_TRY(const std::string text,
                read_small(draft, found->second, draft.limits.max_spec_bytes, ErrorCode::json_size));
  auto semantic = specification::semantic_from_json_text(text);
  if (!semantic) return pass_on(std::move(semantic).error(), kSemanticFile);
  package.semantic = std::move(*semantic);
  return {};
}

/// Checks the size of what the dock stores. The catalogue and the index keep the specification's numbers
/// beside the package, in fp64 at most. In a JSON file a zero takes two bytes, and next to none when packed.
Result<void> check_stored(const Draft& draft, const Package& package) {
  const auto archive = draft.contents.archive_bytes();
  if (!archive || !package.statistical) return {};
  const std::size_t numbers =
      package.statistical->points.values().size() + package.statistical->weights.size();
  std::uint64_t stored = sizeof(double) * numbers;
  for (const ContentEntry& entry : draft.contents.entries()) stored += entry.bytes;
  return archive::check_ratio(*archive, stored, draft.limits, package.statistical_file);
}

/// For tables the declared number of features and the specification's dimension are the same number.
Result<void> check_dimensions(const Package& package) {
  if (!package.statistical || !package.semantic || !package.semantic->input) return {};
  if (!package.statistical->kind->columns_are_input) return {};
  const std::uint32_t declared = package.semantic->input->dimension;
  const std::size_t found = package.statistical->dimension();
  if (declared == found) return {};
  return fail(ErrorCode::package_spec_mismatch,
              fmt::format("the semantic specification declares {} input features, the statistical one has {}",
                          declared, found),
              fmt::format("{}:/Input/Dimension", kSemanticFile),
              "correct Input.Dimension or make the specification again");
}

/// The fix for a package that lists no requirements: a list under another name is pointed at.
std::string environment_fix(const Layout& layout) {
  for (const std::string name : {"requirements.txt", "environment.yaml"})
    if (const std::string similar = near_miss(layout, name); !similar.empty())
      return fmt::format("the package has \"{}\"; rename it to {}, beside learnware.yaml", similar, name);
  constexpr std::array<std::pair<const char*, const char*>, 6> kOthers = {
      {{"requirement.txt", "requirements.txt"},
       {"requirements.in", "requirements.txt"},
       {"requirements", "requirements.txt"},
       {"conda.yaml", "environment.yaml"},
       {"conda.yml", "environment.yaml"},
       {"env.yaml", "environment.yaml"}}};
  for (const auto& [other, name] : kOthers)
    if (layout.files.contains(other))
      return fmt::format("the package has \"{}\"; rename it to {}", other, name);
  for (const char* const project : {"pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "poetry.lock"})
    if (layout.files.contains(project))
      return fmt::format("add requirements.txt with the packages that {} lists; {} itself is not read",
                         project, project);
  return "add requirements.txt with the packages that the model needs";
}

/// Code from a place that the package names is allowed, but people should see it.
Result<void> warn_of_environment(const Draft& draft, std::size_t index, bool conda, Package& package) {
  const std::size_t limit = draft.limits.max_yaml_bytes;
  LEARNDOCK_TRY(const std::string text, read_small(draft, index, limit, ErrorCode::package_yaml_size));
  const FileReader files = [&](const std::string& path) -> std::optional<std::string> {
    const auto found = draft.layout.files.find(path);
    if (found == draft.layout.files.end()) return std::nullopt;
    auto other = read_small(draft, found->second, limit, ErrorCode::package_yaml_size);
    return other ? std::optional(std::move(*other)) : std::nullopt;
  };
  for (std::string& warning : conda ? environment_warnings(text) : requirements_warnings(text, files))
    package.warnings.push_back(std::move(warning));
  return {};
}

/// When a package has both lists, both are checked: installers differ in which one they read.
Result<void> load_environment(const Draft& draft, Package& package) {
  for (const char* const name : {"environment.yaml", "requirements.txt"}) {
    const auto found = draft.layout.files.find(name);
    if (found == draft.layout.files.end()) continue;
    const bool conda = name == std::string_view("environment.yaml");
    if (package.environment_file.empty()) package.environment_file = name;
    LEARNDOCK_CHECK(warn_of_environment(draft, found->second, conda, package));
  }
  const bool native = package.model.runtime == ModelRuntime::torchscript;
  if (native || !package.environment_file.empty()) return {};
  return fail(ErrorCode::package_missing_file,
              "the package lacks environment.yaml and requirements.txt; one is needed", "requirements.txt",
              environment_fix(draft.layout));
}

/// The files that hold the model.
Result<void> require_model(const Layout& layout, const ModelEntry& model) {
  if (model.runtime == ModelRuntime::torchscript) {
    LEARNDOCK_CHECK(require_file(layout, model.file, "the TorchScript model"));
    return {};
  }
  LEARNDOCK_CHECK(require_file(layout, "__init__.py", "the model's code"));
  LEARNDOCK_CHECK(require_file(layout, model.module_path, "the module that learnware.yaml names"));
  return {};
}

Result<void> copy_entry(const Contents& contents, std::size_t index, const std::string& name,
                        archive::ZipWriter& writer) {
  LEARNDOCK_CHECK(writer.begin(name, contents.entries()[index].bytes));
  LEARNDOCK_CHECK(contents.read(index, [&](std::string_view piece) { return writer.write(piece); }));
  return writer.end();
}

/// The length that the canonical form will have, or a little more.
std::uint64_t canonical_bytes(const Draft& draft, std::string_view semantic_text) {
  constexpr std::uint64_t kHeaderBytes = 160;  // both headers with their Zip64 fields
  std::uint64_t bytes = kHeaderBytes + semantic_text.size();
  for (const auto& [name, index] : draft.layout.files)
    bytes += draft.contents.entries()[index].bytes + 2 * name.size() + kHeaderBytes;
  return bytes;
}

/// Writes every file once more, sorted. Contents are checked against their checksums here; a failure leaves
/// no package.
Result<void> write_canonical(const Draft& draft, const specification::SemanticSpecification* given,
                             const std::filesystem::path& target, const RoomCheck& room) {
  const std::string semantic_name(kSemanticFile);
  const std::string semantic_text =
      given == nullptr ? std::string() : to_pretty_text(specification::semantic_to_json(*given)) + "\n";
  if (room) LEARNDOCK_CHECK(room(canonical_bytes(draft, semantic_text)));
  LEARNDOCK_TRY(archive::ZipWriter writer, archive::ZipWriter::create(target));
  std::map<std::string, std::size_t> files = draft.layout.files;
  if (given != nullptr) files.try_emplace(semantic_name, 0);
  for (const auto& [name, index] : files) {
    if (given != nullptr && name == semantic_name)
      LEARNDOCK_CHECK(writer.add(name, semantic_text));
    else
      LEARNDOCK_CHECK(copy_entry(draft.contents, index, name, writer));
  }
  return writer.finish();
}

/// Files that the canonical form leaves out are still read, so that a damaged archive never passes.
Result<void> check_left_out(const Draft& draft, const specification::SemanticSpecification* given) {
  std::vector<bool> copied(draft.contents.entries().size());
  for (const auto& [name, index] : draft.layout.files)
    copied[index] = given == nullptr || name != kSemanticFile;
  const archive::Sink nowhere = [](std::string_view) -> Result<void> { return {}; };
  for (std::size_t i = 0; i < copied.size(); ++i)
    if (!copied[i] && !draft.contents.entries()[i].directory())
      LEARNDOCK_CHECK(draft.contents.read(i, nowhere));
  return {};
}

}  // namespace

Result<Package> read_package(const std::filesystem::path& zip_or_folder,
                             const std::filesystem::path& canonical_zip,
                             const specification::SemanticSpecification* semantic,
                             const archive::ArchiveLimits& limits, const RoomCheck& room) {
  LEARNDOCK_TRY(const std::unique_ptr<Contents> contents, open_contents(zip_or_folder, limits));
  LEARNDOCK_TRY(const Layout layout, find_layout(contents->entries()));
  const Draft draft{*contents, layout, limits};
  LEARNDOCK_TRY(const Manifest manifest, load_manifest(draft));
  Package package;
  package.name = manifest.name;
  package.model = manifest.model;
  for (const auto* source : {&contents->warnings(), &layout.warnings, &manifest.warnings})
    package.warnings.insert(package.warnings.end(), source->begin(), source->end());
  LEARNDOCK_CHECK(require_model(layout, manifest.model));
  LEARNDOCK_CHECK(load_environment(draft, package));
  LEARNDOCK_CHECK(load_statistical(draft, manifest, package));
  LEARNDOCK_CHECK(check_stored(draft, package));
  LEARNDOCK_CHECK(load_semantic(draft, semantic, package));
  LEARNDOCK_CHECK(check_dimensions(package));
  LEARNDOCK_CHECK(check_left_out(draft, semantic));
  LEARNDOCK_CHECK(write_canonical(draft, semantic, canonical_zip, room));
  package.warnings = shortened(std::move(package.warnings));  // an archive of 10,000 entries can give as many
  return package;
}

}  // namespace learndock::package
