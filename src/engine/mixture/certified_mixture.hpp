#pragma once

#include "engine/search/certified_search.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// What comes into the pool that members are chosen from.
struct PoolSize {
  std::size_t aligned = 256;     ///< best aligned learnwares of each part, in each step
  std::size_t neighbours = 128;  ///< of each member and of the user, in each part
  std::size_t whole_part = 512;  ///< parts with at most so many allowed items as a whole
};

struct MixtureOptions {
  std::size_t max_members = 5;
  /// Stops when the gap is at most this share of <u, u>.
  double negligible_gap = 1e-12;
  /// With so many members the next share is enough.
  std::size_t enough_members = 5;
  /// Share of <u, u>: a gap this small is made smaller neither by members beyond `enough_members` nor by a
  /// proof that takes more than the next member does.
  double enough_gap = 0.01;
  /// Members of a larger mixture that is sought for the proof alone. The gap is what any mixture could gain,
  /// and a larger one shows how little that is.
  std::size_t proof_members = 0;
  PoolSize pool;
  Deadline deadline;
  unsigned threads = 1;
  /// For products with all learnwares at once, where those are at most `most_products` kernel values for a
  /// member and the deadline leaves time; null: the index's bounds alone. Bounds prove gaps of some
  /// hundredths of <u, u>, which is what lies outside the subspace; products prove any gap.
  const compute::Backend* backend = nullptr;
  /// None: 1e9, or 1e11 with a device.
  std::optional<double> most_products = {};
  /// <u, u> where the caller knows it (CertifiedAnswer::query_self).
  std::optional<double> query_self;
  /// Of all steps but those by products together, but a first few of each.
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

/// Stepwise over all learnwares: each step adds one and fits all weights again. The one whose refit comes
/// nearest is taken of a pool that the index chooses, the best aligned with g = u - mix, what is still
/// unexplained, and the neighbours of the user and the members; where parts have no index, of all, by
/// products with all, or without a backend the best aligned (fully corrective Frank-Wolfe).
///
/// The gap is proved at every step, and the best proof is kept. With v = mix - u every mixture x of any
/// learnwares has |x - u| >= <x - u, v> / |v| >= (|v|^2 - t) / |v|, where t = max_l <l, g> - <mix, g> is
/// taken over everything, evaluated or bounded, and rounded up; hence |v|^2 - gap = max(0, |v|^2 - t)^2 /
/// |v|^2.
///
/// What a pool leaves open is proved by products with all, or by ascending bounds, where the learnwares seen
/// say that the proof can reach `enough_gap`, or halve the gap once no further member is sought.
///
/// @cost  a member: two scans and exact products of some hundred learnwares with all members. A proof by
///        products: for each member and the query one fp32 cross term with every learnware and 4 bytes of
///        memory for it; packed reduced sets besides, which stay for later searches: at most 512 MiB in all,
///        16 GiB with a device
/// @param first  the nearest single learnware (certified_search); where to begin
/// @return none when no mixture of two is better than one
/// @errors corrupt, as the prefilters
/// @source Jaggi, "Revisiting Frank-Wolfe" (2013)
[[nodiscard]] Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                                        const compute::ReducedSetView& query,
                                                                        const CertifiedHit& first,
                                                                        const MixtureOptions& options);

}  // namespace learndock::engine
