#include "query/set_limits.hpp"

#include "learndock/base/json.hpp"

#include "base/utf8.hpp"
#include "engine/space/feature_space.hpp"

#include <fmt/format.h>

#include <cmath>

namespace learndock::query {
namespace {

/// A sum of weights that cancel, relative to their magnitudes, is rounding.
constexpr double kCancelled = 1e-12;

Failure too_many_points(std::size_t points, std::size_t max_points) {
  return fail(
      ErrorCode::too_large,
      fmt::format("the reduced set has {} points, this dock takes at most {}", points, max_points), "/z",
      fmt::format("make it with `learndock spec make --points {}` or fewer, or raise the dock's limit: "
                  "learndock limits DOCK --max-points {}",
                  max_points, points));
}

/// What is odd about the weights; none if nothing is.
std::optional<std::string> odd_weights(const specification::RkmeSpecification& specification) {
  double mass = 0, sum = 0;
  for (const double weight : specification.weights) {
    mass += std::abs(weight);
    sum += weight;
  }
  if (!engine::codable(mass))
    return fmt::format("the magnitudes of its weights sum to {:.3g}, not to {:.3g} to {}", mass,
                       engine::kLeastMass, engine::kMostMass);
  if (std::abs(sum) <= kCancelled * mass) return "its weights sum to zero";
  return std::nullopt;
}

std::size_t points_of(const learnwares::Entry& entry) {
  return entry.specification_bytes() / (sizeof(double) * (entry.traits().family->dimension() + 1));
}

}  // namespace

Result<void> check_query_points(const specification::RkmeSpecification& specification,
                                std::size_t max_points) {
  if (max_points == 0 || specification.points.rows() <= max_points) return {};
  return too_many_points(specification.points.rows(), max_points);
}

Result<void> check_set(const specification::RkmeSpecification& specification, std::size_t max_points) {
  LEARNDOCK_CHECK(check_query_points(specification, max_points));
  for (const std::string& language : specification.languages)
    if (!is_plain_name(language))
      return fail(ErrorCode::spec_shape, "a language code holds control or invisible characters",
                  "/language");
  // The weights of a kind that is not compared yet mean what its kernel will say.
  if (!specification.kind->comparable()) return {};
  if (auto odd = odd_weights(specification))
    return fail(ErrorCode::spec_weights, "the reduced set cannot be compared with others: " + *odd, "/beta",
                "make the specification again; the weights of a reduced set sum to about one");
  return {};
}

std::optional<std::string> oddity_of(const learnwares::Entry& entry, std::size_t max_points) {
  if (const std::size_t points = points_of(entry); max_points != 0 && points > max_points)
    return fmt::format("{} points, over {}", points, max_points);
  // Weights in a stored part are within its range.
  return entry.specification() == nullptr ? std::nullopt : odd_weights(*entry.specification());
}

void LeftOut::add(const learnwares::Entry& entry, std::string_view why) {
  constexpr std::size_t kNamed = 3;
  if (++count_ <= kNamed)
    named_ += fmt::format("{}{} ({})", named_.empty() ? "" : ", ", entry.id(), why);
  else if (count_ == kNamed + 1)
    named_ += ", ...";
}

void LeftOut::warn(Warnings& warnings) const {
  if (count_ == 0) return;
  warnings.push_back({WarningCode::mixture_left_out,
                      fmt::format("{} learnware{} left out of the mixture: {}", count_,
                                  count_ == 1 ? " is" : "s are", named_),
                      Json{{"count", count_}}});
}

}  // namespace learndock::query
