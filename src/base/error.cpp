#include "learndock/base/error.hpp"

#include <fmt/format.h>

#include <array>

namespace learndock {
namespace {

struct Row {
  ErrorCode code;
  std::string_view slug;
  int number;
  int http;
  int exit;
};

constexpr Row kRows[] = {
#define LEARNDOCK_ERROR(name, slug, number, http, exit) {ErrorCode::name, slug, number, http, exit},
#include "learndock/base/error_codes.def"
#undef LEARNDOCK_ERROR
};

// The table is written in enum order, so a code is its own index.
const Row& row_of(ErrorCode code) { return kRows[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view slug(ErrorCode code) { return row_of(code).slug; }
int number(ErrorCode code) { return row_of(code).number; }
int http_status(ErrorCode code) { return row_of(code).http; }
int exit_code(ErrorCode code) { return row_of(code).exit; }

ErrorCode code_of_slug(std::string_view slug) {
  for (const Row& row : kRows)
    if (row.slug == slug) return row.code;
  return ErrorCode::internal;
}

const std::vector<ErrorCode>& all_error_codes() {
  static const std::vector<ErrorCode> codes = [] {
    std::vector<ErrorCode> all;
    for (const Row& row : kRows) all.push_back(row.code);
    return all;
  }();
  return codes;
}

std::string describe(const Error& error) {
  std::string text = fmt::format("{} ({}, E{})", error.message, slug(error.code), number(error.code));
  if (!error.where.empty()) text += fmt::format("\n  at:  {}", error.where);
  if (!error.fix.empty()) text += fmt::format("\n  fix: {}", error.fix);
  return text;
}

}  // namespace learndock
