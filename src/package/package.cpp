#include "learndock/package/package.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "archive/zip_directory.hpp"
#include "base/new_id.hpp"
#include "base/shorten.hpp"
#include "base/utf8.hpp"
#include "package/canonical_form.hpp"
#include "package/contents.hpp"
#include "package/layout.hpp"
#include "package/manifest.hpp"
#include "package/manifest_text.hpp"
#include "package/requirements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
  manifest->text = text;
  return manifest;
}

/// The specifications that the dock reads, the most specific ones first. It says which others it only keeps.
std::vector<StatisticalEntry> readable(const std::vector<StatisticalEntry>& entries,
                                       std::vector<std::string>& warnings) {
  std::vector<StatisticalEntry> found;
  for (const StatisticalEntry& entry : entries)
    if (entry.kept_class.empty())
      found.push_back(entry);
    else
      warnings.push_back(fmt::format("{} ({}) is kept and not compared", entry.file_name, entry.kept_class));
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& one, const auto& other) { return one.kind->rank < other.kind->rank; });
  return found;
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

Result<specification::RkmeSpecification> read_statistical(const Draft& draft, const StatisticalEntry& entry) {
  const std::size_t index = draft.layout.files.at(entry.file_name);
  LEARNDOCK_TRY(const std::string text,
                read_small(draft, index, draft.limits.max_spec_bytes, ErrorCode::json_size));
  auto statistical = parse_statistical(text, entry, draft.limits);
  if (!statistical) return pass_on(std::move(statistical).error(), entry.file_name);
  return statistical;
}

/// Keeps a specification for searches. Those of one package differ in kind or shape, so that a search finds a
/// learnware by one of them at most.
void add_statistical(specification::RkmeSpecification statistical, const StatisticalEntry& entry,
                     Package& package) {
  const auto same = [&](const specification::RkmeSpecification& other) {
    return other.kind == statistical.kind && other.trailing_shape == statistical.trailing_shape;
  };
  if (!package.statistical) {
    package.statistical = std::move(statistical);
    package.statistical_file = entry.file_name;
  } else if (same(*package.statistical) ||
             std::any_of(package.further.begin(), package.further.end(), same)) {
    package.warnings.push_back(fmt::format("{} is not compared: another {} of the package has its shape",
                                           entry.file_name, statistical.kind->name()));
  } else {
    package.further.push_back(std::move(statistical));
  }
}

Result<void> load_statistical(const Draft& draft, const Manifest& manifest, Package& package) {
  for (const StatisticalEntry& entry : manifest.statistical)
    LEARNDOCK_CHECK(
        require_file(draft.layout, entry.file_name, "a statistical specification that learnware.yaml names"));
  for (const StatisticalEntry& entry : readable(manifest.statistical, package.warnings)) {
    LEARNDOCK_TRY(specification::RkmeSpecification statistical, read_statistical(draft, entry));
    add_statistical(std::move(statistical), entry, package);
  }
  if (!package.statistical)
    package.warnings.emplace_back(
        manifest.statistical.empty()
            ? "no statistical specification: only semantic search finds this learnware"
            : "no statistical specification that this dock compares: only semantic search finds this "
              "learnware");
  return {};
}

/// All specifications that are compared, the one that the index takes first.
std::vector<const specification::RkmeSpecification*> compared(const Package& package) {
  std::vector<const specification::RkmeSpecification*> all;
  if (package.statistical) all.push_back(&*package.statistical);
  for (const specification::RkmeSpecification& one : package.further) all.push_back(&one);
  return all;
}

/// What is known of a package that comes without a semantic specification.
specification::SemanticSpecification made_semantic(const Package& package) {
  specification::SemanticSpecification semantic;
  semantic.name = package.name;
  if (package.statistical) {
    semantic.of(specification::SemanticKey::data) = {std::string(package.statistical->kind->data)};
    for (const auto* one : compared(package))
      if (one->kind->columns_are_input && one->kind->data == package.statistical->kind->data &&
          !semantic.input)
        semantic.input = specification::FeatureDescription{static_cast<std::uint32_t>(one->dimension()), {}};
  }
  specification::add_defaults(semantic);
  return semantic;
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
  if (*semantic == made_semantic(package))  // a dock wrote it for a package that had none
    package.warnings.emplace_back("no semantic specification: add one when the learnware is submitted");
  else
    package.semantic = std::move(*semantic);
  return {};
}

/// Whether the package has a file of this name, or files in a folder of this name.
bool has_file_or_folder(const Layout& layout, const std::string& name) {
  if (layout.files.contains(name)) return true;
  const auto inside = layout.files.lower_bound(name + "/");
  return inside != layout.files.end() && inside->first.starts_with(name + "/");
}

/// What users of a language model should know. The reference builds one from its weights and from the
/// learnwares that it requires.
void warn_of_language_model(const Draft& draft, Package& package) {
  constexpr const char* kUsualWeights = "weights";
  const ModelEntry& model = package.model;
  const auto has = [&](specification::SemanticKey key, std::string_view value) {
    if (!package.semantic) return false;
    const auto& values = package.semantic->of(key);
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  const bool generates = has(specification::SemanticKey::task, "Text Generation");
  const std::string weights = model.weights_file_path.empty() ? kUsualWeights : model.weights_file_path;
  if ((generates || !model.weights_file_path.empty()) && !has_file_or_folder(draft.layout, weights))
    package.warnings.push_back(
        fmt::format("the package lacks the weights \"{}\" (weights_file_path)", printable(weights)));
  if (!model.required_learnware_ids.empty())
    package.warnings.push_back(fmt::format("the model needs other learnwares (required_learnware_ids): {}",
                                           fmt::join(model.required_learnware_ids, ", ")));
  else if (has(specification::SemanticKey::model, "PEFT Model"))
    package.warnings.emplace_back(
        "required_learnware_ids is empty: nothing says which base model the PEFT model is for");
}

/// The reference's current release refuses some tasks for some kinds of data, which earlier ones take.
void warn_of_task(Package& package) {
  if (!package.semantic) return;
  for (const std::string& data : package.semantic->of(specification::SemanticKey::data))
    for (const std::string& task : package.semantic->of(specification::SemanticKey::task)) {
      const auto known = specification::tasks_of_data(data);
      if (std::find(known.begin(), known.end(), task) == known.end())
        package.warnings.push_back(
            fmt::format("the reference's current release has no task {} for {} data", task, data));
    }
}

/// Checks the size of what the dock stores. The catalogue and the index keep the specification's numbers
/// beside the package, in fp64 at most. In a JSON file a zero takes two bytes, and next to none when packed.
/// @param written  bytes of a manifest that is stored in place of the package's own
Result<void> check_stored(const Draft& draft, const Package& package, std::uint64_t written = 0) {
  const auto archive = draft.contents.archive_bytes();
  if (!archive || !package.statistical) return {};
  std::size_t numbers = 0;
  for (const auto* one : compared(package)) numbers += one->points.values().size() + one->weights.size();
  std::uint64_t stored = sizeof(double) * numbers + written;
  for (const ContentEntry& entry : draft.contents.entries()) stored += entry.bytes;
  return archive::check_ratio(*archive, stored, draft.limits, package.statistical_file);
}

/// For tables the declared number of features and the specification's dimension are the same number.
Result<void> check_dimensions(const Package& package) {
  if (!package.semantic || !package.semantic->input) return {};
  const auto all = compared(package);
  const auto table =
      std::find_if(all.begin(), all.end(), [](const auto* one) { return one->kind->columns_are_input; });
  if (table == all.end()) return {};
  const std::uint32_t declared = package.semantic->input->dimension;
  const std::size_t found = (*table)->dimension();
  if (declared == found) return {};
  return fail(ErrorCode::package_spec_mismatch,
              fmt::format("the semantic specification declares {} input features, the statistical one has {}",
                          declared, found),
              fmt::format("{}:/Input/Dimension", kSemanticFile),
              "correct Input.Dimension or make the specification again");
}

/// What to do about a package that lists no requirements: a list under another name is pointed at.
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
  const FileReader files = [&](const std::string& path) -> Result<std::optional<std::string>> {
    const auto found = draft.layout.files.find(path);
    if (found == draft.layout.files.end()) return std::optional<std::string>();
    LEARNDOCK_TRY(std::string other, read_small(draft, found->second, limit, ErrorCode::package_yaml_size));
    return std::optional(std::move(other));
  };
  for (std::string& warning : conda ? environment_warnings(text) : requirements_warnings(text, files))
    package.warnings.push_back(std::move(warning));
  return {};
}

/// When a package has both lists, both are checked: installers differ in which one they read. The reference's
/// checkers take a package that has none.
Result<void> load_environment(const Draft& draft, Package& package) {
  for (const char* const name : {"environment.yaml", "requirements.txt"}) {
    const auto found = draft.layout.files.find(name);
    if (found == draft.layout.files.end()) continue;
    const bool conda = name == std::string_view("environment.yaml");
    if (package.environment_file.empty()) package.environment_file = name;
    LEARNDOCK_CHECK(warn_of_environment(draft, found->second, conda, package));
  }
  if (package.environment_file.empty() && package.model.runtime == ModelRuntime::python)
    package.warnings.push_back(fmt::format(
        "the package has neither requirements.txt nor environment.yaml, so the standard library and "
        "numpy are assumed: {}",
        environment_fix(draft.layout)));
  return {};
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

/// The files in which the canonical form differs from the package, when no id is to be written.
std::map<std::string, std::string> plain_files(const specification::SemanticSpecification* given) {
  if (given == nullptr) return {};
  return {{std::string(kSemanticFile), to_pretty_text(specification::semantic_to_json(*given)) + "\n"}};
}

/// semantic_specification.json as the dock stores it.
std::string semantic_for_dock(const Package& package) {
  specification::SemanticSpecification semantic =
      package.semantic ? *package.semantic : made_semantic(package);
  semantic.learnware_id.clear();  // only a requirement asks for one
  specification::add_defaults(semantic);
  return to_pretty_text(specification::semantic_to_json(semantic)) + "\n";
}

/// Finds the id that a dock wrote, if the manifest is exactly as a dock writes it: an uploader's own `id`
/// means nothing here.
Result<void> find_dock_id(const std::string& yaml, std::size_t max_bytes, Package& package) {
  LEARNDOCK_TRY(const std::string written, id_in_manifest(yaml));
  const auto id = create_new_id(written);
  if (!id) return {};
  LEARNDOCK_TRY(const std::string as_dock, manifest_for_dock(yaml, written, max_bytes));
  if (as_dock == yaml) package.dock_id = *id;
  return {};
}

/// Completes the form with what the reference's load_learnware asks for.
Result<void> complete_form(const Draft& draft, const std::string& yaml, const IdChoice& choose_id,
                           Package& package, CanonicalForm& form) {
  const std::size_t most = draft.limits.max_yaml_bytes;
  const std::string manifest(kManifest);
  LEARNDOCK_CHECK(find_dock_id(yaml, most, package));
  LEARNDOCK_TRY(form.written[manifest], manifest_for_dock(yaml, "", most));
  form.written[std::string(kSemanticFile)] = semantic_for_dock(package);
  LEARNDOCK_CHECK(check_stored(draft, package, form.written[manifest].size()));
  LEARNDOCK_TRY(package.content_digest, form.digest());
  LEARNDOCK_TRY(const LearnwareId id, choose_id(package.content_digest));
  LEARNDOCK_TRY(form.written[manifest], manifest_for_dock(yaml, id.text(), most));
  return {};
}

}  // namespace

Result<Package> read_package(const std::filesystem::path& zip_or_folder,
                             const std::filesystem::path& canonical_zip,
                             const specification::SemanticSpecification* semantic,
                             const archive::ArchiveLimits& limits, const RoomCheck& room,
                             const IdChoice& id) {
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
  warn_of_language_model(draft, package);
  warn_of_task(package);
  CanonicalForm form{*contents, layout, plain_files(semantic)};
  if (id) LEARNDOCK_CHECK(complete_form(draft, manifest.text, id, package, form));
  LEARNDOCK_CHECK(form.check_left_out());
  LEARNDOCK_CHECK(form.write(canonical_zip, room));
  package.warnings = shortened(std::move(package.warnings));  // an archive of 10,000 entries can give as many
  return package;
}

}  // namespace learndock::package
