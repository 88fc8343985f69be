#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/market/search.hpp"

#include "market/deadline.hpp"
#include "market/semantic_filter.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::market {

/// The user's side of a comparison.
struct Query {
  compute::ReducedSetView view;
  double self = 0;  ///< <u, u>
  double mass = 0;  ///< sum of |weight|: no kernel value is above 1
};

/// The learnwares that can be compared with the query, and what is known of each.
struct Candidates {
  Entries entries;
  std::vector<compute::ReducedSetView> views;
  /// Of views that stored parts hold as floats; whoever moves a candidate moves its view alone.
  std::deque<std::vector<double>> unpacked;
  std::vector<double> self;      // <l, l>, filled up to `evaluated`
  std::vector<double> user;      // <l, u>
  std::vector<double> distance;  // MMD^2
  std::size_t evaluated = 0;

  void resize(std::size_t count);
};

/// What keeps a learnware from being compared.
enum class Mismatch : std::size_t { specification, type, shape, gamma, scales, languages, none };

/// How many learnwares were skipped for what.
struct Skipped {
  std::array<std::size_t, static_cast<std::size_t>(Mismatch::none) + 1> counts{};
  std::set<std::size_t> dimensions;  ///< of those with the query's type, comparable or not

  std::size_t& operator[](Mismatch why) { return counts[static_cast<std::size_t>(why)]; }
  /// Learnwares of one space, for absolute scores; under Mismatch::none those that can be compared.
  void add(const index::SpaceKey& space, std::size_t count, const spec::RkmeSpecification& query);
  /// "3 learnwares skipped: WHY" for each reason there is.
  void warn(const spec::RkmeSpecification& query, ScoreMode mode, std::vector<std::string>& warnings) const;

 private:
  void warn_if_none_fits(std::size_t wanted, std::vector<std::string>& warnings) const;
};

/// What has the query's type, shape, number of scales and, for absolute scores, gamma, and speaks its
/// languages; the rest is counted in warnings. A compat query has one scale. A spent deadline leaves out
/// those after the first few thousand. @errors of Snapshot::set_of
[[nodiscard]] Result<Candidates> comparable(const index::Snapshot& snapshot, const Entries& entries,
                                            const spec::RkmeSpecification& query, ScoreMode mode,
                                            Deadline& deadline, std::vector<std::string>& warnings);

/// Distances in the order given, until the deadline, but the first batch always, and of the first `most` at
/// most. Self terms are taken from the entries when `stored_self`, else computed by the backend as well.
[[nodiscard]] Result<void> evaluate(Candidates& candidates, const Query& query,
                                    const compute::Backend& backend, bool stored_self, std::size_t most,
                                    Deadline& deadline);

/// Drops what was not evaluated and, counted in warnings, what has no finite distance. Returns a lower bound
/// of the distance of what was not evaluated (infinity when there is none).
[[nodiscard]] double drop_unusable(Candidates& candidates, const Query& query,
                                   std::vector<std::string>& warnings);

/// Positions by ascending distance, ties by insertion order (compat) or id; the first `count` are in order.
[[nodiscard]] std::vector<std::size_t> ranked(const Candidates& candidates, ScoreMode mode,
                                              std::size_t count);

/// Computes all three terms of the distances that decide a compat answer again by `reference`, so that
/// rounding of a fast backend never decides: all candidates when there are few, else the `leading` nearest
/// with what nearly ties them, and the farthest. Stops at the deadline.
[[nodiscard]] Result<void> refine(Candidates& candidates, const Query& reference_query,
                                  const compute::Backend& reference, std::size_t leading, unsigned threads,
                                  Deadline& deadline);

}  // namespace learndock::market
