#include "runtime/host_python.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "runtime/assets.hpp"
#include "sandbox/tool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::runtime {
namespace {

constexpr PythonVersion kOldest{3, 8};
constexpr unsigned kNewestMinor = 15;

std::vector<std::string> texts_of_key(const Json& json, const char* key) {
  std::vector<std::string> all;
  if (const auto found = json.find(key); found != json.end() && found->is_array())
    for (const Json& one : *found)
      if (one.is_string()) all.push_back(one.get<std::string>());
  return all;
}

std::optional<PythonVersion> number_of(std::string_view version) {
  const std::size_t dot = version.find('.'), second = version.find('.', dot + 1);
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = whole_number<unsigned>(version.substr(0, dot));
  const auto minor = whole_number<unsigned>(version.substr(dot + 1, second - dot - 1));
  return major && minor ? std::optional(PythonVersion{*major, *minor}) : std::nullopt;
}

/// What it answered: the last line, because what its site prints comes before.
Result<HostPython> read_answer(std::string_view output, const std::filesystem::path& executable) {
  while (!output.empty() && output.back() == '\n') output.remove_suffix(1);
  const std::size_t line = output.rfind('\n');
  const auto json = parse_json(line == std::string_view::npos ? output : output.substr(line + 1));
  if (json && json->is_object()) {
    HostPython python;
    python.version = json->value("version", "");
    python.prefix = json->value("prefix", "");
    python.executable = json->value("executable", "");
    python.unmet = texts_of_key(*json, "unmet");
    python.lock = texts_of_key(*json, "lock");
    const auto number = number_of(python.version);
    if (number && *number >= kOldest && python.executable.is_absolute() && python.prefix.is_absolute()) {
      python.number = *number;
      return python;
    }
  }
  return fail(ErrorCode::environment_tool, fmt::format("this is no Python from {} on", kOldest.text()),
              executable.string());
}

void add(std::vector<std::filesystem::path>& places, const std::optional<std::filesystem::path>& place) {
  if (place && std::find(places.begin(), places.end(), *place) == places.end()) places.push_back(*place);
}

void add_version(std::vector<std::filesystem::path>& places, PythonVersion version) {
  const std::string name = "python" + version.text();
  const std::filesystem::path system = "/usr/bin/" + name;
  std::error_code none;
  if (std::filesystem::exists(system, none)) add(places, system);
  add(places, sandbox::find_program(name));
}

}  // namespace

Result<HostPython> look_at_python(const std::filesystem::path& executable,
                                  const std::vector<std::string>& requirements,
                                  const EnvironmentSettings& settings) {
  sandbox::ToolCall call;
  call.command = {executable.string(),        "-I", "-B", "-c", std::string(kHostPythonPy.bytes),
                  to_text(Json(requirements))};
  call.patience = std::chrono::seconds(30);
  call.stop = settings.stop;
  LEARNDOCK_TRY(const sandbox::ToolEnd end, sandbox::run_tool(call));
  return read_answer(end.output, executable);
}

std::vector<std::filesystem::path> python_places(const std::optional<PythonVersion>& wanted,
                                                 const EnvironmentSettings& settings) {
  if (!settings.pythons.empty()) return settings.pythons;
  std::vector<std::filesystem::path> places;
  if (wanted && wanted->major == 3) {
    for (unsigned minor = std::max(wanted->minor, kOldest.minor); minor <= kNewestMinor; ++minor)
      add_version(places, {3, minor});
    for (unsigned minor = std::min(wanted->minor, kNewestMinor + 1); minor-- > kOldest.minor;)
      add_version(places, {3, minor});
    return places;
  }
  std::error_code none;
  if (std::filesystem::exists("/usr/bin/python3", none))
    add(places, std::filesystem::path("/usr/bin/python3"));
  add(places, sandbox::find_program("python3"));
  for (unsigned minor = kNewestMinor + 1; minor-- > kOldest.minor;) add_version(places, {3, minor});
  return places;
}

}  // namespace learndock::runtime
