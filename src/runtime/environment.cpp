#include "runtime/environment.hpp"

#include "io/digest.hpp"
#include "runtime/environment_cache.hpp"
#include "runtime/host_python.hpp"
#include "runtime/installer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace learndock::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInside = "/environment";
/// Pythons that are asked whether the system's own packages do.
constexpr std::size_t kMaxAsked = 3;
/// The Python for which the reference makes environments, where a package names none.
constexpr PythonVersion kReferencePython{3, 8};

/// One way to meet the needs.
struct Attempt {
  HostPython python;
  std::vector<std::string> requirements;
  std::vector<std::string> notes;
};

std::vector<std::string> all_requirements(const Needs& needs) {
  std::vector<std::string> all = needs.requirements;
  all.insert(all.end(), needs.conda_requirements.begin(), needs.conda_requirements.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// The same without the versions that conda's list gives.
std::vector<std::string> without_conda_versions(const Needs& needs) {
  Needs relaxed = needs;
  for (std::string& line : relaxed.conda_requirements)
    line.resize(std::min(line.find_first_of("=<>!~"), line.size()));
  return all_requirements(relaxed);
}

std::vector<std::string> notes_on_python(const Needs& needs, const HostPython& python) {
  if (!needs.python || *needs.python == python.number) return {};
  return {fmt::format("the package asks for Python {}, and {} is the nearest on this machine",
                      needs.python->text(), python.version)};
}

/// The first Python of the list that works.
Result<HostPython> first_python(const std::vector<fs::path>& places, const EnvironmentSettings& settings) {
  std::optional<Error> why;
  for (const fs::path& place : places) {
    auto python = look_at_python(place, {}, settings);
    if (python || python.error().code == ErrorCode::unavailable) return python;
    if (!why) why = std::move(python).error();
  }
  if (why) return Failure(std::move(*why));
  return fail(ErrorCode::environment_tool, "there is no Python on this machine", {},
              "install Python 3.8 or later");
}

/// The host's own Python, when it has everything. Otherwise nothing, and `notes` says why.
std::optional<Environment> system_environment(const Needs& needs, const EnvironmentSettings& settings,
                                              std::vector<std::string>& notes) {
  std::vector<std::string> asked = all_requirements(needs);
  asked.insert(asked.end(), needs.constraints.begin(), needs.constraints.end());
  std::vector<fs::path> places = python_places(needs.python, settings);
  places.resize(std::min(places.size(), kMaxAsked));
  std::string unmet;
  for (const fs::path& place : places) {
    auto python = look_at_python(place, asked, settings);
    if (!python) continue;
    if (!python->unmet.empty()) {
      if (unmet.empty()) unmet = fmt::format("{}: {}", python->version, python->unmet.front());
      continue;
    }
    Environment environment;
    environment.python = python->executable;
    environment.python_prefix = python->prefix;
    environment.python_version = python->version;
    environment.way = "packages of the system";
    environment.lock = python->lock;
    environment.notes = notes_on_python(needs, *python);
    return environment;
  }
  notes.push_back(
      fmt::format("the system's own packages do not do (Python {})", unmet.empty() ? "not found" : unmet));
  return std::nullopt;
}

/// What the key of an environment is made of: everything that decides what is in it.
std::string key_of(const Attempt& attempt, const Needs& needs, std::string_view way,
                   const EnvironmentSettings& settings) {
  const bool conda = way != "uv" && way != "pip";
  const std::string text =
      fmt::format("environment 1\n{}\n{} {}\n{}\n{}\n{}\n{}\n{}\n{}\n", way, attempt.python.version,
                  attempt.python.prefix.string(), fmt::join(attempt.requirements, "\n"),
                  fmt::join(needs.constraints, "\n"), needs.prereleases,
                  fmt::join(conda ? needs.conda : std::vector<std::string>(), "\n"),
                  fmt::join(conda ? needs.channels : std::vector<std::string>(), "\n"),
                  fmt::join(settings.index_arguments, " "));
  return io::sha256_hex(text).substr(0, 32);
}

Environment made_environment(const fs::path& folder, std::string way, const Attempt& attempt,
                             const Needs& needs) {
  Environment environment;
  environment.python = folder / "bin" / "python";
  environment.python_prefix = attempt.python.prefix;
  environment.python_version = attempt.python.version;
  environment.way = std::move(way);
  environment.lock = installed_in(folder);
  environment.left_out = needs.left_out;
  environment.notes = attempt.notes;
  return environment;
}

Result<Environment> with_installer(const Attempt& attempt, const Needs& needs,
                                   const EnvironmentSettings& settings) {
  LEARNDOCK_TRY(const Installer installer, Installer::find(attempt.python, settings));
  const EnvironmentCache cache(settings);
  auto environment = cache.get(
      key_of(attempt, needs, installer.name(), settings), [&](const fs::path& folder) -> Result<Environment> {
        LEARNDOCK_CHECK(installer.make(attempt.python, folder));
        LEARNDOCK_CHECK(installer.install(attempt.python, folder, attempt.requirements, needs));
        return made_environment(folder, installer.name(), attempt, needs);
      });
  if (environment && !environment->cached) cache.trim();
  return environment;
}

/// The conda packages by a conda tool, the list for pip by the installer for wheels.
Result<Environment> with_conda(const fs::path& tool, const Needs& needs,
                               const EnvironmentSettings& settings) {
  LEARNDOCK_TRY(const HostPython host, first_python(python_places({}, settings), settings));
  LEARNDOCK_TRY(const Installer installer, Installer::find(host, settings));
  const std::string way = fmt::format("{} and {}", tool.filename().string(), installer.name());
  Attempt attempt{host, needs.requirements, {}};
  const EnvironmentCache cache(settings);
  auto environment =
      cache.get(key_of(attempt, needs, way, settings), [&](const fs::path& folder) -> Result<Environment> {
        LEARNDOCK_CHECK(make_with_conda(tool, folder, needs, settings));
        LEARNDOCK_TRY(const HostPython python, look_at_python(folder / "bin" / "python", {}, settings));
        if (!needs.requirements.empty())
          LEARNDOCK_CHECK(installer.install(host, folder, needs.requirements, needs));
        Attempt done{python, {}, {}};
        done.python.prefix.clear();  // it is the folder itself
        Environment made = made_environment(folder, way, done, needs);
        made.left_out.clear();
        return made;
      });
  if (environment && !environment->cached) cache.trim();
  return environment;
}

/// What a person would try next when the needs cannot be met as they are written; nothing: there is nothing
/// left.
std::optional<Attempt> second_attempt(const Needs& needs, const HostPython& python,
                                      const EnvironmentSettings& settings) {
  if (!needs.conda_requirements.empty()) {
    Attempt relaxed{python, without_conda_versions(needs), notes_on_python(needs, python)};
    relaxed.notes.push_back(fmt::format(
        "the versions of environment.yaml are not to be had as wheels for Python {}: others were taken",
        python.version));
    return relaxed;
  }
  if (!settings.pythons.empty()) return std::nullopt;
  const auto older = first_python(python_places(kReferencePython, settings), settings);
  if (!older || older->version == python.version) return std::nullopt;
  return Attempt{*older,
                 all_requirements(needs),
                 {fmt::format("Python {} was taken: the requirements cannot be met for {}", older->version,
                              python.version)}};
}

Result<Environment> make_environment(const Needs& needs, const EnvironmentSettings& settings) {
  if (const auto tool = conda_tool(settings); tool && !needs.conda.empty())
    return with_conda(*tool, needs, settings);
  LEARNDOCK_TRY(const HostPython python, first_python(python_places(needs.python, settings), settings));
  auto made =
      with_installer({python, all_requirements(needs), notes_on_python(needs, python)}, needs, settings);
  if (made || made.error().code != ErrorCode::environment_failed) return made;
  if (const auto second = second_attempt(needs, python, settings)) {
    auto again = with_installer(*second, needs, settings);
    if (again || again.error().code != ErrorCode::environment_failed) return again;
  }
  return pass_on(std::move(made).error(), needs.file);
}

}  // namespace

std::string Environment::digest() const {
  return io::sha256_hex(fmt::format("python=={}\n{}\n", python_version, fmt::join(lock, "\n")));
}

std::string Environment::python_inside() const {
  if (folder.empty()) return python.string();
  return fmt::format("{}/{}", kInside, python.lexically_relative(folder).string());
}

std::vector<sandbox::Binding> Environment::bindings() const {
  std::vector<sandbox::Binding> all;
  if (!folder.empty()) all.push_back({folder, kInside});
  const std::string prefix = python_prefix.string();
  // What lies under /usr is there in every job.
  if (!prefix.empty() && prefix != "/" && prefix != "/usr" && !prefix.starts_with("/usr/"))
    all.push_back({python_prefix, prefix});
  return all;
}

Result<Environment> prepare_environment(const Needs& needs, const EnvironmentSettings& settings) {
  std::vector<std::string> notes = needs.notes;
  if (settings.use_system_packages)
    if (auto environment = system_environment(needs, settings, notes)) {
      environment->notes.insert(environment->notes.begin(), needs.notes.begin(), needs.notes.end());
      environment->left_out = needs.left_out;
      return std::move(*environment);
    }
  LEARNDOCK_TRY(Environment environment, make_environment(needs, settings));
  environment.notes.insert(environment.notes.begin(), notes.begin(), notes.end());
  return environment;
}

fs::path default_environment_cache() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "learndock" / "environments";
  const char* const home = std::getenv("HOME");
  return fs::path(home != nullptr && *home == '/' ? home : "/var/cache") / ".cache" / "learndock" /
         "environments";
}

}  // namespace learndock::runtime
