#pragma once

#include "learndock/base/error.hpp"

#include <tl/expected.hpp>

#include <utility>

namespace learndock {

/// A value or the Error that prevented it. The library throws nothing and prints nothing on bad input.
template <class T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

/// `return fail(ErrorCode::spec_shape, "z has 3 rows, beta has 4", "/beta");`
[[nodiscard]] inline Failure fail(ErrorCode code, std::string message, std::string where = {},
                                  std::string fix = {}) {
  return Failure(Error{code, std::move(message), std::move(where), std::move(fix)});
}

/// Hands an inner failure on, naming the place it was met when the inner one named none.
[[nodiscard]] inline Failure pass_on(Error error, std::string_view where = {}) {
  if (!where.empty())
    error.where = error.where.empty() ? std::string(where) : std::string(where) + ":" + error.where;
  return Failure(std::move(error));
}

}  // namespace learndock

/// Evaluates an expression of type Result<T>; on failure returns it from the enclosing function.
#define LEARNDOCK_CONCAT_INNER(a, b) a##b
#define LEARNDOCK_CONCAT(a, b) LEARNDOCK_CONCAT_INNER(a, b)
#define LEARNDOCK_TRY_IMPL(result, target, ...)                        \
  auto result = (__VA_ARGS__);                                         \
  if (!result) return ::learndock::Failure(std::move(result).error()); \
  target = std::move(*result)
#define LEARNDOCK_TRY(target, ...) \
  LEARNDOCK_TRY_IMPL(LEARNDOCK_CONCAT(learndock_try_, __LINE__), target, __VA_ARGS__)
#define LEARNDOCK_CHECK(...)                                           \
  do {                                                                 \
    if (auto learndock_check = (__VA_ARGS__); !learndock_check)        \
      return ::learndock::Failure(std::move(learndock_check).error()); \
  } while (false)
