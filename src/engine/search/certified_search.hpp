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
  /// Exact evaluations of one query at most; then the answer says exact: false.
  std::size_t max_evaluations = std::numeric_limits<std::size_t>::max();
  Deadline deadline;
  unsigned threads = 1;
  /// Candidates asked of the first scan beyond `top`: what usually lies under the k-th best distance.
  std::size_t first_extra = 128;
  /// Parts with at most this many allowed items are evaluated one by one, without a scan.
  std::size_t evaluate_all = 256;
  /// For fp32 products with all candidates at once, where bounds leave thousands; null: none. Packed reduced
  /// sets stay for later searches, as those of mixtures.
  const compute::Backend* backend = nullptr;
  /// Fewer candidates are evaluated one at a time.
  std::size_t sieve_from = 2048;
};

struct CertifiedHit {
  std::size_t part = 0;
  std::size_t item = 0;
  double mmd_squared = 0;
};

/// The `top` learnwares of smallest MMD^2, ascending, ties by id.
struct CertifiedAnswer {
  std::vector<CertifiedHit> hits;
  /// Proved: no allowed learnware outside `hits` comes before the last of them.
  bool exact = false;
  /// exact: 0. Else by how much a learnware that was not evaluated could lie under the last hit.
  double slack = 0;
  std::size_t evaluated = 0;  ///< exact distances computed
  double query_self = 0;      ///< <u, u> by direct difference; its cost grows with the square of the points
  /// No allowed learnware outside those evaluated lies lower than this; infinite when there is none.
  double unseen = 0;
};

/// Exact top-k under MMD by ascending lower bounds: evaluates candidates until the next bound exceeds the
/// k-th best distance found (B6; no method that uses the same bounds evaluates fewer, but for rounding up to
/// whole waves). Distances are fp64 by direct difference; bounds carry all rounding, so `exact` is a proof
/// about these distances.
///
/// @param queries  reduced sets; their kernel must be the parts' (the caller groups by space)
/// @errors  spec_dimension, corrupt, as the prefilters
/// @return  one answer for each query. Many queries share each scan, and run on `threads` threads.
/// @source  Seidl, Kriegel, "Optimal multi-step k-nearest neighbor search" (1998)
[[nodiscard]] Result<std::vector<CertifiedAnswer>> certified_search(
    std::span<const FilteredPart> parts, std::span<const compute::ReducedSetView> queries,
    const CertifiedOptions& options);

}  // namespace learndock::engine
