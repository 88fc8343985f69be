#include "cli/serve_tokens.hpp"

#include "cli/terminal/secret_file.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace learndock::cli {
namespace {

/// The source of an option's value. A later one in this list takes precedence.
enum Source { none, settings, environment, command_line };

Source source_of(const CLI::Option& option) {
  if (option.count() == 0) return none;
  const char* variable = std::getenv(option.get_envname().c_str());
  return variable != nullptr && option.results().front() == variable ? environment : command_line;
}

Result<void> refuse_empty_variable(const std::string& name) {
  const char* variable = std::getenv(name.c_str());
  if (variable == nullptr || *variable != '\0') return {};
  return fail(ErrorCode::invalid_argument, fmt::format("{} is set but empty", name), name,
              "unset it, or give it a token of at least 16 bytes");
}

Result<std::string> secret_of(const TokenChoice& choice) {
  if (choice.file_source == none && choice.value_source == none) return std::string();
  if (choice.file_source == choice.value_source)
    return fail(ErrorCode::usage, fmt::format("both {0} and {0}-file are given", choice.name), {},
                "give one of them");
  if (choice.file_source > choice.value_source) return read_secret(choice.file);
  if (!choice.value.empty()) return choice.value;
  return fail(ErrorCode::invalid_argument, "the token is empty", choice.name,
              "leave it out, or give one of at least 16 bytes: openssl rand -hex 16");
}

}  // namespace

void TokenChoices::add_options(CLI::App& command) {
  for (TokenChoice& choice : choices_) {
    const std::string name = fmt::format("--{}", choice.name);
    command.add_option(name, choice.value, choice.value_help)->envname(choice.variable);
    command.add_option(name + "-file", choice.file, choice.file_help)
        ->envname(fmt::format("{}_FILE", choice.variable));
  }
}

Result<void> TokenChoices::note_sources(const CLI::App& command, const OutputOptions& output) {
  for (TokenChoice& choice : choices_) {
    const std::string name = fmt::format("--{}", choice.name);
    choice.value_source = source_of(*command.get_option(name));
    choice.file_source = source_of(*command.get_option(name + "-file"));
    if (choice.value_source == none) LEARNDOCK_CHECK(refuse_empty_variable(choice.variable));
    if (choice.file_source == none)
      LEARNDOCK_CHECK(refuse_empty_variable(fmt::format("{}_FILE", choice.variable)));
    if (choice.value_source == command_line)
      note(output,
           fmt::format("note: {0} shows in the process list; {0}-file FILE or {1} keeps the token out of it",
                       name, choice.variable));
  }
  return {};
}

Result<void> TokenChoices::resolve(const CLI::App& command, server::ServerOptions& options) {
  const std::array<std::string*, 3> targets{&options.token, &options.push_token, &options.delete_token};
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    TokenChoice& choice = choices_[i];
    const std::string name = fmt::format("--{}", choice.name);
    const auto read_since = [&](const std::string& option, int& source) {
      if (source == none && command.get_option(option)->count() > 0) source = settings;
    };
    read_since(name, choice.value_source);
    read_since(name + "-file", choice.file_source);
    LEARNDOCK_TRY(*targets[i], secret_of(choice));
    choice.value.clear();
  }
  return {};
}

}  // namespace learndock::cli
