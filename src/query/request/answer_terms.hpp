#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"
#include "learndock/query/search.hpp"

#include "query/request/deadline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace learndock::query {

// Shared by searches with the index and searches that compare everything.

/// The backend that defines what is correct, by its name.
inline constexpr std::string_view kReference = "cpu_reference";

/// The reference's pool is the square of the mixture's size; the auto method's fit is cubic in it.
inline constexpr std::size_t kMaxPool = 1000;
/// A distance under this share of the self terms is rounding: the best single then fits exactly, as at zero.
inline constexpr double kExactFit = 1e-12;

/// Work that every answer needs, such as the query's inner product with itself, may take this long whatever
/// the budget.
inline constexpr std::chrono::milliseconds kSetUp{1'000};

[[nodiscard]] inline Warning cut_filter() {
  return {WarningCode::budget_filter, "budget spent while filtering: some learnwares were not looked at"};
}
[[nodiscard]] inline Warning no_time_for_mixture() {
  return {WarningCode::mixture_missing, "no mixture: the budget was spent before",
          Json{{"reason", "budget"}}};
}
[[nodiscard]] inline Warning no_mixture(const Error& why) {
  return {WarningCode::mixture_missing, "no mixture: " + why.message, Json{{"reason", slug(why.code)}}};
}
[[nodiscard]] inline Warning cut_mixture() {
  return {WarningCode::budget_mixture, "the budget cut the mixture short"};
}
[[nodiscard]] inline Warning pooled_mixture() {
  return {WarningCode::mixture_pool, fmt::format("the mixture was sought among the {} nearest", kMaxPool),
          Json{{"nearest", kMaxPool}}};
}

[[nodiscard]] inline double absolute_score(double mmd_squared, double self_a, double self_b) {
  return std::clamp(1 - mmd_squared / (self_a + self_b), 0.0, 1.0);
}

/// The number of learnwares that the reference's methods choose among: the square of the mixture's size.
/// Beside a certified mixture of the default size, the size is the reference's own default, five.
[[nodiscard]] inline std::size_t pool_of(const SearchRequest& request) {
  const bool as_reference = method_of(request) == MixtureMethod::certified && !request.mixture;
  const std::size_t members = as_reference ? 5 : members_of(request);
  return members * members;
}

/// The size of the larger mixture that is sought only to narrow the gap of a mixture of this many members.
[[nodiscard]] inline std::size_t proof_members(std::size_t members) {
  constexpr std::size_t kTimes = 4, kMost = 40;
  return std::min(kMost, kTimes * members);
}

/// The error for a query whose self term is no usable number: the absolute score divides by it.
[[nodiscard]] inline Failure bad_query_self(double self) {
  return fail(ErrorCode::spec_weights, fmt::format("the query's inner product with itself is {}", self),
              "/spec");
}

[[nodiscard]] inline double milliseconds_since(Deadline::Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Deadline::Clock::now() - start).count();
}

}  // namespace learndock::query
