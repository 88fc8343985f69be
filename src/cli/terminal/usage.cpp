#include "cli/terminal/usage.hpp"

#include "cli/terminal/suggest.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace learndock::cli {
namespace {

const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.front());
}

std::vector<std::string> known_words(const CLI::App& command, bool flags) {
  std::vector<std::string> words;
  if (flags)
    for (const CLI::Option* option : command.get_options())
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  else
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
      words.push_back(sub->get_name());
  return words;
}

/// The word that was not understood: the first on the line that no command took.
std::string unknown_word(const CLI::App& app, const CLI::App& command) {
  const auto left = app.remaining(true);
  // Without its command no option is known, so a mistyped command is the fault to name.
  const std::vector<std::string> commands = known_words(command, false);
  for (const std::string& word : left)
    if (!word.starts_with("-") && !closest(word, commands).empty()) return word;
  // Every command takes these options, so they are not the fault when the command itself is not known.
  const auto common = [&](const std::string& word) {
    return !commands.empty() &&
           (word == "--json" || word == "--quiet" || word == "-q" || word == "--no-color");
  };
  // An unknown option comes with its value, in either order; the option is the mistyped word.
  for (const std::string& word : left)
    if (word.starts_with("-") && !common(word)) return word;
  for (const std::string& word : left)
    if (!common(word)) return word;
  return "";
}

}  // namespace

int report_usage(const CLI::App& app, const CLI::ParseError& error, const OutputOptions& output) {
  const CLI::App& command = deepest(app);
  std::string message = error.what();
  std::string path;
  for (const CLI::App* level = &command; level != nullptr; level = level->get_parent())
    path = level->get_name() + " " + path;
  std::string fix = fmt::format("see: {}--help", path);
  // A mistyped word is often why something else is missing, so the message names the word.
  const bool extra =
      dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
      (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !app.remaining(true).empty());
  if (const std::string word = extra ? unknown_word(app, command) : ""; !word.empty()) {
    const bool flag = word.starts_with("-");
    message = fmt::format("{} \"{}\" is not known", flag ? "the option" : "the command or argument", word);
    if (const std::string near = closest(word.substr(0, word.find('=')), known_words(command, flag));
        !near.empty())
      fix = near == word ? fmt::format("options come after the command: {}{}", path, word)
                         : fmt::format("did you mean \"{}\"?", near);
  }
  return report(output, {ErrorCode::usage, message, {}, fix});
}

}  // namespace learndock::cli
