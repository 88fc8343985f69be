#pragma once

#include "learndock/base/result.hpp"
#include "learndock/server/server.hpp"

#include "cli/terminal/output.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <string>

namespace learndock::cli {

/// One token that `serve` takes, from the command line, the environment, a file or the settings file.
struct TokenChoice {
  const char* name;  ///< name of its option; the option for its file adds "-file"
  const char* value_help;
  const char* file_help;
  const char* variable;  ///< its environment variable; the one for its file adds "_FILE"
  std::string value = {};
  std::string file = {};
  int value_source = 0;  ///< a Source
  int file_source = 0;
};

class TokenChoices {
 public:
  void add_options(CLI::App& command);
  /// Notes which values came from the command line and the environment. Call it before a settings file is
  /// read. An empty variable is refused, since it would look like no token. @errors invalid_argument
  [[nodiscard]] Result<void> note_sources(const CLI::App& command, const OutputOptions& output);
  /// Puts the tokens into the options. Call it after a settings file was read.
  /// @errors usage (a token and a file for it), invalid_argument (empty), of read_secret
  [[nodiscard]] Result<void> resolve(const CLI::App& command, server::ServerOptions& options);

 private:
  std::array<TokenChoice, 3> choices_{{
      {"token", "Token that uploads and deletes need, at least 16 bytes; it shows in the process list",
       "File with the token that uploads and deletes need; no one else may be allowed to read it",
       "LEARNDOCK_TOKEN"},
      {"push-token", "Token for uploads only; better given by a file or the environment",
       "File with the token for uploads only", "LEARNDOCK_PUSH_TOKEN"},
      {"delete-token", "Token for deletes only; better given by a file or the environment",
       "File with the token for deletes only", "LEARNDOCK_DELETE_TOKEN"},
  }};
};

}  // namespace learndock::cli
