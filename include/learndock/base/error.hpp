#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace learndock {

/// ErrorCode names what can go wrong in a correct program. Each code has a fixed slug ("zip.path.traversal"),
/// a number ("E1003"), an HTTP status and a process exit code; `error_codes.def` is the one table of them.
/// Slugs and numbers reach the wire and the documentation: add at the end of a group, do not renumber.
enum class ErrorCode : std::uint16_t {
#define LEARNDOCK_ERROR(name, slug, number, http, exit) name,
#include "learndock/base/error_codes.def"
#undef LEARNDOCK_ERROR
};

/// A failure that the caller is told about: what happened, where, and how to mend it.
struct Error {
  ErrorCode code;
  std::string message;     ///< what happened, with the facts
  std::string where = {};  ///< file, JSON pointer, archive entry or line; may be empty
  std::string fix = {};    ///< what the reader can do about it; may be empty
};

/// "zip.path.traversal": stable, for programs.
[[nodiscard]] std::string_view slug(ErrorCode code);
/// 1003 in "E1003": stable, for the error index in `docs/errors.md`.
[[nodiscard]] int number(ErrorCode code);
[[nodiscard]] int http_status(ErrorCode code);
/// 1 failed, 2 usage, 3 not found, 4 auth, 5 conflict, 6 verification failed, 7 unavailable or timed out.
[[nodiscard]] int exit_code(ErrorCode code);
/// The inverse of `slug`; `internal` for a slug this build does not know (an answer of a newer server).
[[nodiscard]] ErrorCode code_of_slug(std::string_view slug);
/// Every code in table order; tests walk it.
[[nodiscard]] const std::vector<ErrorCode>& all_error_codes();
/// "message (slug, E1003) at where\n  fix: ..." for a terminal.
[[nodiscard]] std::string describe(const Error& error);

}  // namespace learndock
