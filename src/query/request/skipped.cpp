#include "query/request/skipped.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace learndock::query {
namespace {

bool speaks_all(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& code) {
    return std::find(have.begin(), have.end(), code) != have.end();
  });
}

/// @param kind, shape, kernel  of a learnware's space
Mismatch mismatch_of(specification::Kind kind, const std::vector<std::size_t>& shape,
                     const compute::Kernel& kernel, const specification::RkmeSpecification& query,
                     ScoreMode mode) {
  if (kind != query.kind) return Mismatch::type;
  if (shape != query.trailing_shape) return Mismatch::shape;
  // Another kernel is another space: such distances would not be comparable. The reference compares any two
  // gammas, but has no kernels of several scales; nor has a compat query.
  if (mode == ScoreMode::absolute && kernel.gamma != query.kernel.gamma) return Mismatch::gamma;
  return kernel.scales == query.kernel.scales ? Mismatch::none : Mismatch::scales;
}

}  // namespace

Mismatch mismatch_of(const learnwares::Entry& entry, const specification::RkmeSpecification& query,
                     ScoreMode mode) {
  if (!entry.has_specification()) return Mismatch::specification;
  const specification::SpaceFamily& family = *entry.traits().family;
  const Mismatch mismatch = mismatch_of(family.kind, family.shape, entry.kernel(), query, mode);
  if (mismatch != Mismatch::none || speaks_all(entry.traits().languages, query.languages)) return mismatch;
  return Mismatch::languages;
}

void warn_skipped(Warnings& warnings, std::size_t count, std::string_view why) {
  if (count > 0)
    warnings.push_back({WarningCode::learnwares_skipped,
                        fmt::format("{} learnware{} skipped: {}", count, count == 1 ? "" : "s", why),
                        Json{{"count", count}, {"reason", why}}});
}

void Skipped::add(const specification::SpaceId& space, std::size_t count,
                  const specification::RkmeSpecification& query) {
  if (count == 0) return;
  if (space.kind == query.kind) dimensions.insert(space.dimension());
  (*this)[mismatch_of(space.kind, space.shape, space.kernel, query, ScoreMode::absolute)] += count;
}

void Skipped::warn(const specification::RkmeSpecification& query, ScoreMode mode, Warnings& warnings) const {
  const auto one = [&](Mismatch why, std::string_view reason) {
    warn_skipped(warnings, counts[static_cast<std::size_t>(why)], reason);
  };
  one(Mismatch::specification, "no statistical specification");
  one(Mismatch::type, "another type of specification");
  one(Mismatch::shape, fmt::format("dimension other than {}", query.dimension()));
  warn_if_none_fits(query.dimension(), warnings);
  one(Mismatch::gamma, fmt::format("gamma other than the query's {}", query.kernel.gamma));
  one(Mismatch::scales, mode == ScoreMode::compat
                            ? "kernel of several scales, which compat scores do not know"
                            : fmt::format("scales other than the query's {}", query.kernel.scales));
  one(Mismatch::languages, "languages that do not cover the query's");
}

/// Names the dimensions that would fit. A forgotten label column, for example, makes the query one wider than
/// everything here.
void Skipped::warn_if_none_fits(std::size_t wanted, Warnings& warnings) const {
  if (dimensions.empty() || dimensions.contains(wanted)) return;
  constexpr std::size_t kNamed = 8;
  std::vector<std::string> named;
  for (const std::size_t dimension : dimensions) {
    if (named.size() == kNamed) break;
    named.push_back(std::to_string(dimension));
  }
  warnings.push_back(
      {WarningCode::dimension_unmatched,
       fmt::format("no learnware has the query's dimension {}; those here have {}{}", wanted,
                   fmt::join(named, ", "), dimensions.size() > kNamed ? ", ..." : ""),
       Json{{"query", wanted}, {"dock", std::vector<std::size_t>(dimensions.begin(), dimensions.end())}}});
}

}  // namespace learndock::query
