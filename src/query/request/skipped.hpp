#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/query/search.hpp"

#include "learnwares/entry.hpp"

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::query {

/// Why a learnware cannot be compared with the query.
enum class Mismatch : std::size_t { specification, type, shape, gamma, scales, languages, none };

/// The first mismatch. For absolute scores the gamma in use counts too; languages count last.
[[nodiscard]] Mismatch mismatch_of(const learnwares::Entry& entry,
                                   const specification::RkmeSpecification& query, ScoreMode mode);

/// Warns "3 learnwares skipped: WHY" if there are any.
void warn_skipped(Warnings& warnings, std::size_t count, std::string_view why);

/// Counts of skipped learnwares by reason.
struct Skipped {
  std::array<std::size_t, static_cast<std::size_t>(Mismatch::none) + 1> counts{};
  std::set<std::size_t> dimensions;  ///< dimensions of learnwares with the query's kind, comparable or not

  std::size_t& operator[](Mismatch why) { return counts[static_cast<std::size_t>(why)]; }
  /// Adds learnwares of one space, for absolute scores. Learnwares that can be compared count under
  /// Mismatch::none.
  void add(const specification::SpaceId& space, std::size_t count,
           const specification::RkmeSpecification& query);
  /// Warns "3 learnwares skipped: WHY" for each reason.
  void warn(const specification::RkmeSpecification& query, ScoreMode mode, Warnings& warnings) const;

 private:
  void warn_if_none_fits(std::size_t wanted, Warnings& warnings) const;
};

}  // namespace learndock::query
