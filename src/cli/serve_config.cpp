// CLI11 reads settings files for the main program only; this reads one for a command.
#include "cli/serve_config.hpp"

#include "cli/terminal/secret_file.hpp"
#include "cli/terminal/suggest.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace learndock::cli {
namespace {

constexpr std::size_t kMaxSettingsBytes = std::size_t{1} << 20;

/// Whether an option belongs to the command line only and makes no sense in a file.
bool is_setting(const std::string& name) {
  return name != "help" && name != "config" && name != "json" && name != "quiet" && name != "no-color";
}

std::vector<std::string> setting_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames())
      if (is_setting(name)) names.push_back(name);
  return names;
}

Failure unknown_key(const CLI::App& command, const std::string& key, const std::string& path) {
  const std::vector<std::string> names = setting_names(command);
  const std::string near = closest(key, names);
  return fail(
      ErrorCode::usage, fmt::format("the setting \"{}\" is not known", key), path,
      near.empty() ? "see learndock serve --help for the names" : fmt::format("did you mean \"{}\"?", near));
}

Result<void> apply(CLI::App& command, const CLI::ConfigItem& item, const std::string& path) {
  const std::string key = item.fullname();
  const std::vector<std::string> names = setting_names(command);
  if (std::find(names.begin(), names.end(), key) == names.end()) return unknown_key(command, key, path);
  CLI::Option* option = command.get_option("--" + key);
  if (option->count() > 0) return {};  // the command line or the environment has set it
  try {
    option->add_result(item.inputs);
    option->run_callback();
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::usage,
                fmt::format("the setting \"{}\" has a value that does not fit: {}", key, error.what()), path,
                "see learndock serve --help");
  }
  return {};
}

}  // namespace

Result<void> apply_settings(CLI::App& command, const std::string& path) {
  auto text = io::read_file(path, kMaxSettingsBytes);
  if (!text) {
    Error error = std::move(text).error();
    if (error.code == ErrorCode::not_found) error.fix = "check the path after --config";
    return Failure(std::move(error));
  }
  std::istringstream stream(*text);
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(stream);
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::usage, fmt::format("the settings cannot be read: {}", error.what()), path,
                "write one `name = value` a line");
  }
  const bool secret = std::any_of(items.begin(), items.end(), [](const CLI::ConfigItem& item) {
    return item.name == "token" || item.name.ends_with("-token");
  });
  if (secret) LEARNDOCK_CHECK(check_private(path));
  for (const CLI::ConfigItem& item : items) {
    // A [section] opens and closes by marks of its own.
    if (item.name == "++" || item.name == "--") continue;
    LEARNDOCK_CHECK(apply(command, item, path));
  }
  return {};
}

}  // namespace learndock::cli
