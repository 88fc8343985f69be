#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/query/search.hpp"

#include "learnwares/snapshot.hpp"
#include "query/request/deadline.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace learndock::query {

/// The user's side of a comparison.
struct Query {
  compute::ReducedSetView view;
  double self = 0;  ///< <u, u>
  double mass = 0;  ///< sum of |weight|: no kernel value is above 1
};

/// Reduced sets that were taken for comparing, and memory for those that are stored as floats.
struct TakenSets {
  std::vector<compute::ReducedSetView> views;
  std::vector<std::vector<double>> unpacked;
};

/// The learnwares that can be compared with the query, and the numbers of those that were.
struct Candidates {
  const learnwares::Snapshot* snapshot = nullptr;
  ScoreMode mode = ScoreMode::absolute;
  learnwares::Selection entries;
  std::vector<double> self;      // <l, l> of the first `evaluated` entries
  std::vector<double> user;      // <l, u>
  std::vector<double> distance;  // MMD^2
  std::size_t evaluated = 0;

  /// The kernel that entry i is compared under: its own for compat scores, whatever kernel is in use.
  [[nodiscard]] compute::Kernel kernel(std::size_t i) const {
    return mode == ScoreMode::compat ? entries[i]->stored_kernel() : entries[i]->kernel();
  }
  /// Takes the reduced sets of some entries; they replace the contents of `taken`. @errors of
  /// Snapshot::set_of
  [[nodiscard]] Result<void> take_sets(std::span<const std::size_t> chosen, unsigned threads,
                                       TakenSets& taken) const;
};

/// The learnwares that have the query's kind, shape, number of scales and languages and, for absolute scores,
/// its gamma; warnings count the others. A compat query has one scale. A spent deadline leaves out learnwares
/// after the first few thousand.
[[nodiscard]] Candidates comparable(const learnwares::Snapshot& snapshot,
                                    const learnwares::Selection& entries,
                                    const specification::RkmeSpecification& query, ScoreMode mode,
                                    Deadline& deadline, Warnings& warnings);

struct EvaluateOptions {
  bool stored_self = false;  ///< self terms are taken from the entries, else computed by the backend as well
  std::size_t most = SIZE_MAX;  ///< candidates
  unsigned threads = 1;
};

/// Computes distances in the given order, until the time left is what ordering them takes. The first batch is
/// always computed. @errors of Snapshot::set_of, the backend's
[[nodiscard]] Result<void> evaluate(Candidates& candidates, const Query& query,
                                    const compute::Backend& backend, const EvaluateOptions& options,
                                    Deadline& deadline);

/// A lower bound of the distances of all learnwares of the snapshot, looked at or not.
/// @cost for compat: every learnware that is in no stored part
[[nodiscard]] double least_distance(const learnwares::Snapshot& snapshot, ScoreMode mode, const Query& query);

/// Drops candidates that were not evaluated, and those without a finite distance, which a warning counts.
/// Returns a lower bound of the distances that were not evaluated (infinity if there are none).
[[nodiscard]] double drop_unusable(Candidates& candidates, const Query& query, Warnings& warnings);

/// Positions by ascending distance, ties by insertion order (compat) or id; the first `count` are in order.
[[nodiscard]] std::vector<std::size_t> ranked(const Candidates& candidates, ScoreMode mode,
                                              std::size_t count);

/// Computes all three terms of the distances that decide a compat answer again by `reference`, so that
/// rounding of a fast backend never decides: all candidates when there are few, else the `leading` nearest
/// with what nearly ties them, and the farthest. Stops at the deadline.
[[nodiscard]] Result<void> refine(Candidates& candidates, const Query& reference_query,
                                  const compute::Backend& reference, std::size_t leading, unsigned threads,
                                  Deadline& deadline);

}  // namespace learndock::query
