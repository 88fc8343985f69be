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
  /// With products: members of a larger mixture that is sought for the proof alone. The gap is what any
  /// mixture could gain, and a larger one shows how little that is.
  std::size_t proof_members = 0;
  /// Share of <u, u>: a gap this small is not made smaller by a larger mixture.
  double proof_gap = 0.01;
  Deadline deadline;
  unsigned threads = 1;
  /// For products with all learnwares at once, where those are at most `most_products` kernel values for a
  /// member; null: the index's bounds alone. Also where the deadline leaves no time for products. Bounds
  /// prove gaps of some hundredths of <u, u>, which is what lies outside the subspace; products prove any
  /// gap.
  const compute::Backend* backend = nullptr;
  /// None: 1e9, or 1e11 with a device.
  std::optional<double> most_products = {};
  /// <u, u> where the caller knows it (CertifiedAnswer::query_self).
  std::optional<double> query_self;
  /// Of all steps by bounds together, but a first few of each.
  std::size_t max_evaluations = std::numeric_limits<std::size_t>::max();
};

struct CertifiedMixture {
  std::vector<CertifiedHit> members;  ///< in the order of selection; mmd_squared of each alone
  std::vector<double> weights;        ///< on the simplex
  double mmd_squared = 0;
  /// The best mixture of any number of learnwares of all parts lies at most this much lower.
  double gap = 0;
  std::size_t evaluated = 0;  ///< exact inner products with learnwares outside the mixture
};

/// Stepwise over all learnwares: each step adds one and fits all weights again. With products with all it is
/// the one whose refit comes nearest; by the index alone (B5) the one best aligned with g = u - mix, what is
/// still unexplained (fully corrective Frank-Wolfe).
///
/// The gap is proved at every step, and the best proof is kept. With v = mix - u every mixture x of any
/// learnwares has |x - u| >= <x - u, v> / |v| >= (|v|^2 - t) / |v|, where t = max_l <l, g> - <mix, g> is
/// taken over everything, evaluated or bounded, and rounded up; hence |v|^2 - gap = max(0, |v|^2 - t)^2 /
/// |v|^2.
///
/// @cost  with products, for each member and the query one fp32 cross term with every learnware and 4 bytes
///        of memory for it; packed reduced sets besides, which stay for later searches: at most 512 MiB in
///        all, 16 GiB with a device
/// @param first  the nearest single learnware (certified_search); where to begin
/// @return none when no mixture of two is better than one
/// @errors corrupt, as the prefilters
/// @source Jaggi, "Revisiting Frank-Wolfe" (2013)
[[nodiscard]] Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                                        const compute::ReducedSetView& query,
                                                                        const CertifiedHit& first,
                                                                        const MixtureOptions& options);

}  // namespace learndock::index
