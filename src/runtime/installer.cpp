#include "runtime/installer.hpp"

#include "base/shorten.hpp"
#include "base/utf8.hpp"
#include "io/file.hpp"
#include "sandbox/tool.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>

namespace learndock::runtime {
namespace {

constexpr std::size_t kMaxShown = 600;

/// Words by which installers say that they could not reach the index, in small letters.
constexpr std::array<std::string_view, 12> kNetworkWords = {"error sending request",
                                                            "failed to fetch",
                                                            "connection refused",
                                                            "connection reset",
                                                            "connection error",
                                                            "newconnectionerror",
                                                            "network is unreachable",
                                                            "temporary failure in name",
                                                            "name or service not known",
                                                            "dns error",
                                                            "timed out",
                                                            "proxyerror"};

/// The end of what an installer printed, fit for a message.
std::string last_words(std::string_view output) {
  while (!output.empty() && (output.back() == '\n' || output.back() == ' ')) output.remove_suffix(1);
  if (output.size() > kMaxShown) {
    output.remove_prefix(output.size() - kMaxShown);
    while (!output.empty() && !begins_code_point(output.front())) output.remove_prefix(1);
  }
  std::string words;
  for (const char c : output) {
    if (c == '\n' || c == ' ') {
      if (!words.ends_with(' ')) words += ' ';
    } else {
      words += c;
    }
  }
  return is_utf8(words) ? words : printable(words, kMaxShown);
}

bool is_network_trouble(std::string_view output) {
  std::string small(output);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::any_of(kNetworkWords.begin(), kNetworkWords.end(),
                     [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

Result<void> expect_success(const sandbox::ToolEnd& end, std::string_view name) {
  if (end.status == 0) return {};
  if (is_network_trouble(end.output))
    return fail(ErrorCode::environment_tool,
                fmt::format("{} could not reach the package index: {}", name, last_words(end.output)), {},
                "look at the network of this machine, or name another index");
  return fail(ErrorCode::environment_failed,
              fmt::format("what the package needs cannot be installed: {}", last_words(end.output)), {},
              "ask for versions that have wheels for this Python and system");
}

sandbox::ToolCall call_of(std::vector<std::string> command, const std::filesystem::path& folder,
                          const EnvironmentSettings& settings) {
  sandbox::ToolCall call;
  call.command = std::move(command);
  call.folder = folder;
  call.patience = settings.patience;
  call.stop = settings.stop;
  call.variables = {{"NO_COLOR", "1"},
                    {"UV_NO_PROGRESS", "1"},
                    {"UV_PYTHON_DOWNLOADS", "never"},
                    {"UV_CACHE_DIR", (settings.cache / "wheels").string()},
                    {"PIP_CACHE_DIR", (settings.cache / "wheels" / "pip").string()},
                    {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
                    {"PIP_NO_INPUT", "1"}};
  return call;
}

Result<void> write_list(const std::filesystem::path& file, const std::vector<std::string>& lines) {
  return io::write_file_atomically(file, fmt::format("{}\n", fmt::join(lines, "\n")));
}

std::string python_in(const std::filesystem::path& folder) { return (folder / "bin" / "python").string(); }

}  // namespace

std::optional<std::filesystem::path> find_tool(std::string_view name, const EnvironmentSettings& settings) {
  if (!settings.tools) return sandbox::find_program(name);
  const std::filesystem::path file = *settings.tools / name;
  return ::access(file.c_str(), X_OK) == 0 ? std::optional(file) : std::nullopt;
}

Result<Installer> Installer::find(const HostPython& python, const EnvironmentSettings& settings) {
  if (const auto uv = find_tool("uv", settings)) return Installer("uv", *uv, settings);
  sandbox::ToolCall call =
      call_of({python.executable.string(), "-I", "-m", "pip", "--version"}, {}, settings);
  const auto answer = sandbox::run_tool(call);
  if (answer && answer->status == 0) return Installer("pip", {}, settings);
  return fail(ErrorCode::environment_tool,
              "neither uv nor pip is on this machine, so that no environment can be made", {},
              "install uv: pip install uv");
}

Result<void> Installer::make(const HostPython& python, const std::filesystem::path& folder) const {
  const std::string base = python.executable.string();
  std::vector<std::string> command =
      uv_.empty() ? std::vector<std::string>{base, "-I", "-m", "venv", "--without-pip", folder.string()}
                  : std::vector<std::string>{uv_.string(),    "venv",     "--no-project", "--no-config",
                                             "--relocatable", "--python", base,           folder.string()};
  LEARNDOCK_TRY(const sandbox::ToolEnd end,
                sandbox::run_tool(call_of(std::move(command), folder.parent_path(), *settings_)));
  if (end.status == 0) return {};
  return fail(ErrorCode::environment_tool,
              fmt::format("{} could not make an environment of {}: {}", name_, base, last_words(end.output)));
}

Result<void> Installer::install(const HostPython& python, const std::filesystem::path& folder,
                                const std::vector<std::string>& requirements, const Needs& needs) const {
  const std::filesystem::path list = folder / "asked.txt", limits = folder / "limits.txt";
  LEARNDOCK_CHECK(write_list(list, requirements));
  std::vector<std::string> command =
      uv_.empty()
          ? std::vector<std::string>{python.executable.string(), "-I",      "-m",          "pip", "--python",
                                     python_in(folder),          "install", "--no-compile"}
          : std::vector<std::string>{uv_.string(), "pip", "install", "--python", python_in(folder)};
  command.insert(command.end(), {"--only-binary", ":all:", "-r", list.string()});
  if (!needs.constraints.empty()) {
    LEARNDOCK_CHECK(write_list(limits, needs.constraints));
    command.insert(command.end(), {"-c", limits.string()});
  }
  if (needs.prereleases) command.emplace_back("--pre");
  command.insert(command.end(), settings_->index_arguments.begin(), settings_->index_arguments.end());
  LEARNDOCK_TRY(const sandbox::ToolEnd end,
                sandbox::run_tool(call_of(std::move(command), folder, *settings_)));
  return expect_success(end, name_);
}

std::optional<std::filesystem::path> conda_tool(const EnvironmentSettings& settings) {
  for (const char* name : {"micromamba", "mamba", "conda"})
    if (auto tool = find_tool(name, settings)) return tool;
  return std::nullopt;
}

Result<void> make_with_conda(const std::filesystem::path& tool, const std::filesystem::path& folder,
                             const Needs& needs, const EnvironmentSettings& settings) {
  std::vector<std::string> command = {tool.string(), "create",        "--yes",
                                      "--prefix",    folder.string(), "--override-channels"};
  for (const std::string& channel : needs.channels) command.insert(command.end(), {"--channel", channel});
  if (needs.channels.empty()) command.insert(command.end(), {"--channel", "conda-forge"});
  // A word that begins with '-' would be an option.
  for (const std::string& spec : needs.conda)
    if (!spec.starts_with('-')) command.push_back(spec);
  if (!needs.python) command.emplace_back("python");
  LEARNDOCK_TRY(const sandbox::ToolEnd end, sandbox::run_tool(call_of(std::move(command), {}, settings)));
  return expect_success(end, tool.filename().string());
}

std::vector<std::string> installed_in(const std::filesystem::path& folder) {
  constexpr std::string_view kEnding = ".dist-info";
  std::vector<std::string> all;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator(folder / "lib", none)) {
    if (!version.path().filename().string().starts_with("python")) continue;
    for (const auto& item : std::filesystem::directory_iterator(version.path() / "site-packages", none)) {
      std::string name = item.path().filename().string();
      const std::size_t dash = name.find('-');
      if (!name.ends_with(kEnding) || dash == std::string::npos || dash > name.size() - kEnding.size())
        continue;
      name.resize(name.size() - kEnding.size());
      all.push_back(requirement_name(name.substr(0, dash)) + "==" + name.substr(dash + 1));
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace learndock::runtime
