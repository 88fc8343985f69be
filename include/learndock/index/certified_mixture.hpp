#pragma once

#include "learndock/index/certified_search.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace learndock::index {

struct MixtureOptions {
  std::size_t max_members = 5;
  /// Stops when the gap is at most this share of <u, u>.
  double negligible_gap = 1e-12;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  unsigned threads = 1;
  /// For products with all learnwares at once, where those are at most `most_products` kernel values for a
  /// member; null: the index's bounds alone. Bounds prove gaps of some hundredths of <u, u>, which is what
  /// lies outside the subspace; products prove any gap.
  const compute::Backend* backend = nullptr;
  double most_products = 1e9;
};

struct CertifiedMixture {
  std::vector<CertifiedHit> members;  ///< in the order of selection; mmd_squared of each alone
  std::vector<double> weights;        ///< on the simplex
  double mmd_squared = 0;
  /// The best mixture of any number of learnwares of all parts lies at most this much lower.
  double gap = 0;
  std::size_t evaluated = 0;  ///< exact inner products with learnwares outside the mixture
};

/// Fully corrective Frank-Wolfe over all learnwares: each step adds the one best aligned with what is still
/// unexplained, found with proof by the index (B5) or among products with all, and fits all weights again.
/// The gap is 2 (max_l <l, g> - <mix, g>) with g = u - mix, its maximum taken over everything, evaluated or
/// bounded.
///
/// @cost  with products, for each member and the query one fp32 cross term with every learnware and 4 bytes
///        of memory for it; at most 512 MiB of packed reduced sets besides, of all searches together
/// @param first  the nearest single learnware (certified_search); where to begin
/// @return none when no mixture of two is better than one
/// @errors corrupt, as the prefilters
/// @source Jaggi, "Revisiting Frank-Wolfe" (2013)
[[nodiscard]] Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                                        const compute::ReducedSetView& query,
                                                                        const CertifiedHit& first,
                                                                        const MixtureOptions& options);

}  // namespace learndock::index
