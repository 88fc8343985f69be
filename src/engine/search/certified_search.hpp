#pragma once

#include "learndock/base/result.hpp"

#include "engine/part/search_part.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::engine {

struct CertifiedOptions {
  std::size_t top = 10;
  /// The most exact evaluations of one query. A query that needs more gets an answer with exact: false.
  std::size_t max_evaluations = std::numeric_limits<std::size_t>::max();
  Deadline deadline;
  unsigned threads = 1;
  /// Candidates beyond `top` that the first scan is asked for: the usual number under the k-th best distance.
  std::size_t first_extra = 128;
  /// Parts with at most this many allowed items are evaluated one by one, without a scan.
  std::size_t evaluate_all = 256;
  /// Computes fp32 products with all candidates at once if bounds leave thousands; null: no such products.
  /// Packed reduced sets are kept for later searches, as those of mixtures are.
  const compute::Backend* backend = nullptr;
  /// The least number of candidates for such products; fewer are evaluated one at a time.
  std::size_t tighten_from = 2048;
};

struct CertifiedHit {
  std::size_t part = 0;
  PartItem item;
  double mmd_squared = 0;
};

/// The `top` learnwares of smallest MMD^2, ascending, ties by id.
struct CertifiedAnswer {
  std::vector<CertifiedHit> hits;
  /// True: it is proved that no allowed learnware outside `hits` comes before the last of them.
  bool exact = false;
  /// How far below the last hit a learnware that was not evaluated could be; 0 if exact.
  double slack = 0;
  std::size_t evaluated = 0;  ///< exact distances computed
  double query_self = 0;      ///< <u, u> by direct difference; its cost grows with the square of the points
  /// No allowed learnware that was not evaluated is lower than this; infinite if all were evaluated.
  double unseen = 0;
};

/// Finds the exact top k under MMD by ascending lower bounds: it evaluates candidates until the next bound
/// exceeds the k-th best distance found. No method that uses the same bounds evaluates fewer, except for
/// rounding up to whole waves (docs/proofs.md, B6). Distances are fp64 by direct difference; bounds carry all
/// rounding, so `exact` is a proof about these distances.
///
/// @param queries  reduced sets; their kernel must be the parts' (the caller groups by space)
/// @errors  spec_dimension, corrupt, as the prefilters
/// @return  one answer for each query. Many queries share each scan, and run on `threads` threads.
/// @source  Seidl, Kriegel, "Optimal multi-step k-nearest neighbor search" (1998)
[[nodiscard]] Result<std::vector<CertifiedAnswer>> certified_search(
    std::span<const FilteredPart> parts, std::span<const compute::ReducedSetView> queries,
    const CertifiedOptions& options);

}  // namespace learndock::engine
