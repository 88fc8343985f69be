#include "runtime/needs.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "base/utf8.hpp"
#include "io/file.hpp"
#include "package/requirements.hpp"
#include "package/yaml.hpp"
#include "runtime/assets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace learndock::runtime {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;
constexpr const char* kCondaFile = "environment.yaml";
constexpr const char* kPipFile = "requirements.txt";

Failure odd(std::string what, std::string where = kCondaFile) {
  return fail(ErrorCode::environment_failed, std::move(what), std::move(where));
}

/// Conda names and the names on the index; "" for a package that the index does not have.
std::map<std::string, std::string, std::less<>> read_names() {
  std::map<std::string, std::string, std::less<>> names;
  std::string_view rest = kCondaNamesTxt.bytes;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t blank = line.find(' ');
    if (line.starts_with('#') || blank == std::string_view::npos) continue;
    const std::string_view name = line.substr(blank + 1);
    names.emplace(line.substr(0, blank), name == "-" ? std::string_view() : name);
  }
  return names;
}

/// Nothing: the index has no such package.
std::optional<std::string> index_name(const std::string& conda) {
  static const auto names = read_names();
  const auto found = names.find(conda);
  if (found != names.end()) return found->second.empty() ? std::nullopt : std::optional(found->second);
  // What is not listed and called so is a library of the system.
  if (conda.starts_with("lib") || conda.starts_with('_') || conda.starts_with("r-")) return std::nullopt;
  return conda;
}

/// "channel::name=1.2=build" in its parts.
struct CondaSpec {
  std::string name;
  std::string versions;  ///< as conda writes them, without a build
  bool exact = false;    ///< a build follows, so that the version is meant as it is
};

std::optional<CondaSpec> read_spec(std::string_view text) {
  if (const std::size_t channel = text.find("::"); channel != std::string_view::npos)
    text.remove_prefix(channel + 2);
  text = trim(text);
  // Such specifications can name an address, a file or another channel.
  if (text.starts_with('-') || text.find_first_of("/\\@[]:\"'#\n\r") != std::string_view::npos)
    return std::nullopt;
  const std::size_t end = std::min(text.find_first_of(" =<>!~"), text.size());
  CondaSpec spec;
  spec.name = lower(text.substr(0, end));
  if (spec.name.empty()) return std::nullopt;
  std::string_view rest = trim(text.substr(end));
  if (rest.starts_with('=') && !rest.starts_with("==")) {
    const std::size_t build = rest.find('=', 1);
    spec.exact = build != std::string_view::npos;
    spec.versions = trim(rest.substr(0, build));
  } else {
    const std::size_t build = rest.find(' ');  // "1.2.3 build", but not ">= 1.2"
    const bool has_build = build != std::string_view::npos && is_digit(rest.front());
    spec.exact = has_build;
    spec.versions = has_build ? rest.substr(0, build) : rest;
  }
  return spec;
}

/// The versions as pip writes them; nothing for what pip cannot say.
std::optional<std::string> pip_versions(const CondaSpec& spec) {
  std::string text = spec.versions;
  std::erase(text, ' ');
  if (text.empty() || text == "*") return std::string();
  if (text.find_first_of("|()") != std::string::npos) return std::nullopt;
  const bool plain = is_digit(text.front());
  const bool fuzzy = text.starts_with('=') && !text.starts_with("==");
  if (!plain && !fuzzy) return text;
  if (fuzzy) text.erase(0, 1);
  if (text.empty() || text.find_first_of("=<>,") != std::string::npos) return std::nullopt;
  // "=1.2" means 1.2 and all that begins so.
  const bool star = fuzzy && !spec.exact && !text.ends_with('*');
  return fmt::format("=={}{}", text, star ? ".*" : "");
}

std::optional<PythonVersion> first_version(std::string_view text) {
  const std::size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin);
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view after = text.substr(dot + 1);
  const std::string_view minor =
      after.substr(0, std::min(after.find_first_not_of("0123456789"), after.size()));
  const auto first = whole_number<unsigned>(text.substr(0, dot)), second = whole_number<unsigned>(minor);
  return first && second ? std::optional(PythonVersion{*first, *second}) : std::nullopt;
}

void take_conda(const std::string& written, Needs& needs) {
  const auto spec = read_spec(written);
  if (!spec) {
    needs.left_out.push_back(printable(written, 80));
    return;
  }
  // The channels are those of the whole file.
  const std::size_t channel = written.find("::");
  needs.conda.push_back(channel == std::string::npos ? written : written.substr(channel + 2));
  if (spec->name == "python") {
    needs.python = first_version(spec->versions);
    return;
  }
  const auto name = index_name(spec->name);
  if (!name) {
    needs.left_out.push_back(spec->name);
    return;
  }
  const auto versions = pip_versions(*spec);
  if (!versions)
    needs.notes.push_back(fmt::format("the versions of {} cannot be said to pip: any version is taken",
                                      printable(written, 80)));
  std::string requirement = *name + versions.value_or("");
  // It becomes a line of a list for pip, which must not take it for anything else.
  if (package::foreign_lines(requirement).empty())
    needs.conda_requirements.push_back(std::move(requirement));
  else
    needs.left_out.push_back(printable(written, 80));
}

bool is_usual(std::string_view channel) {
  constexpr std::array<std::string_view, 5> kUsual = {"defaults", "conda-forge", "main", "r", "anaconda"};
  return std::find(kUsual.begin(), kUsual.end(), channel) != kUsual.end();
}

Result<void> take_pip(const package::Installable& asked, Needs& needs) {
  needs.requirements = asked.requirements;
  needs.constraints = asked.constraints;
  needs.prereleases = asked.prereleases;
  for (const std::string& option : asked.left_out)
    needs.notes.push_back(fmt::format("the option {} is not taken: only wheels are installed", option));
  return {};
}

Result<void> take_dependencies(const Json& list, Needs& needs) {
  for (const Json& entry : list) {
    if (entry.is_string()) {
      take_conda(entry.get<std::string>(), needs);
      continue;
    }
    const auto pip = entry.is_object() ? entry.find("pip") : entry.end();
    if (!entry.is_object() || pip == entry.end() || !pip->is_array())
      return odd("an entry of dependencies is neither a package nor a list for pip");
    std::string lines;
    for (const Json& line : *pip)
      lines += (line.is_string() ? line.get<std::string>() : to_text(line)) + "\n";
    LEARNDOCK_TRY(const package::Installable asked, package::installable(lines));
    LEARNDOCK_CHECK(take_pip(asked, needs));
  }
  return {};
}

Result<Needs> read_environment(std::string_view bytes) {
  auto root = package::parse_yaml(bytes);
  if (!root) return odd("the file cannot be read: " + root.error().message);
  Needs needs;
  needs.file = kCondaFile;
  if (!root->is_object()) return odd("the file is no mapping");
  if (const auto channels = root->find("channels"); channels != root->end() && channels->is_array())
    for (const Json& channel : *channels) {
      const std::string name = channel.is_string() ? channel.get<std::string>() : to_text(channel);
      if (is_usual(name))
        needs.channels.push_back(name);
      else if (name != "nodefaults")
        needs.notes.push_back(fmt::format("the channel {} is not used", printable(name, 80)));
    }
  if (const auto list = root->find("dependencies"); list != root->end() && list->is_array())
    LEARNDOCK_CHECK(take_dependencies(*list, needs));
  return needs;
}

Result<Needs> read_requirements(std::string_view bytes, const std::filesystem::path& folder) {
  // A list that -r names is a file of the package, by a path that stays in it.
  const package::FileReader files = [&](const std::string& path) -> std::optional<std::string> {
    if (path.starts_with('/') || path.starts_with("..")) return std::nullopt;
    auto text = io::read_file(folder / path, kMaxFile);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  };
  LEARNDOCK_TRY(const package::Installable asked, package::installable(bytes, files));
  Needs needs;
  needs.file = kPipFile;
  LEARNDOCK_CHECK(take_pip(asked, needs));
  return needs;
}

Result<Needs> read_lists(const std::filesystem::path& folder) {
  std::error_code none;
  if (std::filesystem::exists(folder / kCondaFile, none)) {
    LEARNDOCK_TRY(const std::string bytes, io::read_file(folder / kCondaFile, kMaxFile));
    return read_environment(bytes);
  }
  if (std::filesystem::exists(folder / kPipFile, none)) {
    LEARNDOCK_TRY(const std::string bytes, io::read_file(folder / kPipFile, kMaxFile));
    return read_requirements(bytes, folder);
  }
  Needs needs;
  needs.notes.emplace_back("the package lists no requirements: the standard library and numpy are assumed");
  return needs;
}

}  // namespace

std::string PythonVersion::text() const { return fmt::format("{}.{}", major, minor); }

std::string requirement_name(std::string_view requirement) {
  const std::size_t end = std::min(requirement.find_first_of(" \t[(<>=!~;"), requirement.size());
  std::string name = lower(requirement.substr(0, end));
  std::replace(name.begin(), name.end(), '_', '-');
  std::replace(name.begin(), name.end(), '.', '-');
  return name;
}

Result<Needs> read_needs(const std::filesystem::path& folder) {
  LEARNDOCK_TRY(Needs needs, read_lists(folder));
  const auto is_numpy = [](const std::string& line) { return requirement_name(line) == "numpy"; };
  const auto has_numpy = [&](const std::vector<std::string>& lines) {
    return std::any_of(lines.begin(), lines.end(), is_numpy);
  };
  // The runner hands arrays over.
  if (!has_numpy(needs.requirements) && !has_numpy(needs.conda_requirements))
    needs.requirements.emplace_back("numpy");
  return needs;
}

}  // namespace learndock::runtime
