#include "package/manifest.hpp"

#include "learndock/base/json.hpp"

#include "archive/path_rules.hpp"
#include "base/utf8.hpp"
#include "package/file_text.hpp"
#include "package/layout.hpp"
#include "package/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::package {
namespace {

/// The value of a key; nothing when the key is missing or null, which mean the same here.
const Json* find(const Json& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() || found->is_null() ? nullptr : &*found;
}

Failure wrong_kind(std::string_view expected, const Json& value, std::string where) {
  return fail(ErrorCode::package_yaml, fmt::format("expected {}, found {}", expected, value.type_name()),
              std::move(where));
}

Result<std::string> text_of(const Json& map, std::string_view key, std::string fallback,
                            const std::string& where) {
  const Json* value = find(map, key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) return wrong_kind("text", *value, fmt::format("{}/{}", where, key));
  return value->get<std::string>();
}

Result<Json> map_of(const Json& map, std::string_view key, const std::string& where) {
  const Json* value = find(map, key);
  if (value == nullptr) return Json::object();
  if (!value->is_object()) return wrong_kind("a mapping", *value, fmt::format("{}/{}", where, key));
  return *value;
}

/// ASCII identifiers of Python.
bool is_identifier(std::string_view text) {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || text.size() > 128 || !starts(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return starts(c) || (c >= '0' && c <= '9'); });
}

/// A file inside the package, by the name under which it is stored; "./" in front is the package itself.
Result<std::string> inside_path(const std::string& written, const archive::ArchiveLimits& limits,
                                const std::string& where, std::vector<std::string>& warnings) {
  auto path = archive::stored_path(written, {limits.max_path_bytes, limits.max_path_depth});
  if (!path) {
    const Error error = std::move(path).error();
    const bool backslash = written.find('\\') != std::string::npos;
    return fail(error.code, fmt::format("\"{}\": {}", printable(written), error.message), where,
                backslash ? "write '/' between folders" : "name a file inside the package");
  }
  if (path->ends_with('/')) return fail(ErrorCode::package_yaml, "this names a directory, not a file", where);
  if (!written.ends_with(*path))
    warnings.push_back(
        fmt::format("learnware.yaml names {} with letters and marks apart (NFD), the package stores it "
                    "composed (NFC): other "
                    "programs may not find the file by that name",
                    *path));
  return path;
}

Result<ModelRuntime> read_runtime(const Json& map) {
  LEARNDOCK_TRY(const std::string runtime, text_of(map, "runtime", "python", "/model"));
  if (runtime == "python") return ModelRuntime::python;
  if (runtime == "torchscript") return ModelRuntime::torchscript;
  return fail(ErrorCode::package_class, fmt::format("\"{}\" is not a runtime", printable(runtime)),
              "/model/runtime", "use python or torchscript");
}

/// A TorchScript model has a file, and neither a class nor a module.
Result<void> read_torchscript(const Json& map, const archive::ArchiveLimits& limits, ModelEntry& model,
                              std::vector<std::string>& warnings) {
  LEARNDOCK_TRY(const std::string file, text_of(map, "file", "model.pt", "/model"));
  LEARNDOCK_TRY(model.file, inside_path(file, limits, "/model/file", warnings));
  for (const char* key : {"class_name", "module_path"})
    if (find(map, key) != nullptr)
      warnings.push_back(fmt::format("{} means nothing for a TorchScript model", key));
  LEARNDOCK_TRY(model.kwargs, map_of(map, "kwargs", "/model"));
  return {};
}

Result<ModelEntry> read_model(const Json& root, const archive::ArchiveLimits& limits,
                              std::vector<std::string>& warnings) {
  ModelEntry model;
  LEARNDOCK_TRY(const Json map, map_of(root, "model", ""));
  LEARNDOCK_TRY(model.runtime, read_runtime(map));
  if (model.runtime == ModelRuntime::torchscript) {
    LEARNDOCK_CHECK(read_torchscript(map, limits, model, warnings));
    return model;
  }
  LEARNDOCK_TRY(model.class_name, text_of(map, "class_name", model.class_name, "/model"));
  if (!is_identifier(model.class_name))
    return fail(ErrorCode::package_class,
                fmt::format("\"{}\" is not a class name", printable(model.class_name)), "/model/class_name");
  LEARNDOCK_TRY(const std::string module, text_of(map, "module_path", model.module_path, "/model"));
  if (!module.ends_with(".py"))
    return fail(ErrorCode::package_class,
                fmt::format("\"{}\" is not a Python file of the package", printable(module)),
                "/model/module_path", "name the .py file that defines the model, for example __init__.py");
  LEARNDOCK_TRY(model.module_path, inside_path(module, limits, "/model/module_path", warnings));
  LEARNDOCK_TRY(model.kwargs, map_of(map, "kwargs", "/model"));
  return model;
}

Result<StatisticalEntry> read_statistical(const Json& item, const archive::ArchiveLimits& limits,
                                          const std::string& where, std::vector<std::string>& warnings) {
  if (!item.is_object()) return wrong_kind("a mapping", item, where);
  StatisticalEntry entry;
  LEARNDOCK_TRY(const std::string name, text_of(item, "class_name", std::string(entry.kind->name()), where));
  const auto kind = specification::kind_of_name(name);
  if (!kind)
    return fail(ErrorCode::package_class,
                fmt::format("\"{}\" is not a specification this dock reads", printable(name)),
                where + "/class_name", "use " + specification::kind_names());
  entry.kind = *kind;
  constexpr std::string_view kLibrary = "learnware.specification";
  LEARNDOCK_TRY(const std::string module, text_of(item, "module_path", std::string(kLibrary), where));
  if (module != kLibrary && !module.starts_with(std::string(kLibrary) + "."))
    return fail(ErrorCode::package_class,
                fmt::format("specifications of the module \"{}\" are not read", printable(module)),
                where + "/module_path", "use the module learnware.specification");
  LEARNDOCK_TRY(const std::string file, text_of(item, "file_name", entry.file_name, where));
  LEARNDOCK_TRY(entry.file_name, inside_path(file, limits, where + "/file_name", warnings));
  LEARNDOCK_CHECK(map_of(item, "kwargs", where));
  return entry;
}

Result<std::vector<StatisticalEntry>> read_all_statistical(const Json& root,
                                                           const archive::ArchiveLimits& limits,
                                                           std::vector<std::string>& warnings) {
  const Json* list = find(root, "stat_specifications");
  if (list == nullptr) return std::vector<StatisticalEntry>(1);
  if (!list->is_array()) return wrong_kind("a list", *list, "/stat_specifications");
  std::vector<StatisticalEntry> entries;
  for (std::size_t i = 0; i < list->size(); ++i) {
    LEARNDOCK_TRY(StatisticalEntry entry,
                  read_statistical((*list)[i], limits, fmt::format("/stat_specifications/{}", i), warnings));
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// `name` is shown to people; a number written without quotes is meant as text.
Result<std::string> read_name(const Json& root) {
  constexpr std::size_t kMaxName = 1024;
  const Json* value = find(root, "name");
  if (value == nullptr) return std::string();
  if (value->is_structured()) return wrong_kind("text", *value, "/name");
  std::string name = value->is_string() ? value->get<std::string>() : to_text(*value);
  if (name.size() > kMaxName || !is_plain_name(name))
    return fail(
        ErrorCode::package_yaml,
        fmt::format("the name is longer than {} bytes or holds control or invisible characters", kMaxName),
        "/name");
  return name;
}

Result<void> check_semantic_entry(const Json& root, Manifest& manifest) {
  LEARNDOCK_TRY(const Json entry, map_of(root, "semantic_specification", ""));
  LEARNDOCK_TRY(const std::string file,
                text_of(entry, "file_name", std::string(kSemanticFile), "/semantic_specification"));
  if (file != kSemanticFile)
    manifest.warnings.push_back(
        fmt::format("learnware.yaml names the semantic specification \"{}\"; only {} is read",
                    printable(file), kSemanticFile));
  return {};
}

}  // namespace

Result<Manifest> read_manifest(std::string_view yaml, const archive::ArchiveLimits& limits) {
  LEARNDOCK_TRY(Json root, parse_yaml(yaml, {limits.max_yaml_bytes, 64}));
  if (root.is_null()) root = Json::object();  // an empty file: every key has a default
  if (!root.is_object()) return wrong_kind("a mapping", root, "");
  Manifest manifest;
  if (is_marked_utf16(yaml))
    manifest.warnings.emplace_back("learnware.yaml is UTF-16: programs that expect UTF-8 cannot read it");
  LEARNDOCK_TRY(manifest.name, read_name(root));
  LEARNDOCK_TRY(manifest.model, read_model(root, limits, manifest.warnings));
  LEARNDOCK_TRY(manifest.statistical, read_all_statistical(root, limits, manifest.warnings));
  LEARNDOCK_CHECK(check_semantic_entry(root, manifest));
  return manifest;
}

}  // namespace learndock::package
