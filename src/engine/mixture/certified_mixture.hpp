#pragma once

#include "engine/search/certified_search.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// Which learnwares come into the pool that members are chosen from.
struct PoolSize {
  std::size_t aligned = 256;     ///< best aligned learnwares of each part, in each step
  std::size_t neighbours = 128;  ///< nearest learnwares of each member and of the user, in each part
  std::size_t whole_part = 512;  ///< a part with at most this many allowed items comes in whole
};

struct MixtureOptions {
  std::size_t max_members = 5;
  /// Stops when the gap is at most this share of <u, u>.
  double negligible_gap = 1e-12;
  /// From this number of members on, `enough_gap` is enough.
  std::size_t enough_members = 5;
  /// Share of <u, u>. For a gap this small, the search adds no members beyond `enough_members` and runs no
  /// proof that takes longer than the next member does.
  double enough_gap = 0.01;
  /// Members of a larger mixture, which is sought only for the proof and not returned: it raises the lower
  /// bound of all mixtures, and so narrows the gap.
  std::size_t proof_members = 0;
  PoolSize pool;
  Deadline deadline;
  unsigned threads = 1;
  /// Computes products with all learnwares at once, if a member takes at most `most_products` kernel values
  /// and the deadline leaves time; null: only the index's bounds are used. Bounds prove gaps of some
  /// hundredths of <u, u>, the share that is outside the subspace; products prove any gap.
  const compute::Backend* backend = nullptr;
  /// Limit of kernel values for `backend`; none: 1e9, or 1e11 with a device.
  std::optional<double> most_products = {};
  /// <u, u> where the caller knows it (CertifiedAnswer::query_self).
  std::optional<double> query_self;
  /// The most evaluations of all steps together, except steps by products; a first few of each step are
  /// always made.
  std::size_t max_evaluations = std::numeric_limits<std::size_t>::max();
};

struct CertifiedMixture {
  std::vector<CertifiedHit> members;  ///< in the order of selection; mmd_squared of each alone
  std::vector<double> weights;        ///< on the simplex
  double mmd_squared = 0;
  /// The best mixture of any number of learnwares of all parts is at most this much lower.
  double gap = 0;
  std::size_t evaluated = 0;  ///< exact inner products with learnwares outside the mixture
};

/// Builds a mixture step by step: each step adds one learnware and fits all weights again. The step takes the
/// learnware whose refit comes nearest, from a pool that the index chooses: the learnwares best aligned with
/// g = u - mix, what is still unexplained, and the neighbours of the user and the members. If parts have no
/// index, it chooses from all learnwares, by products with all; without a backend it takes the best aligned
/// (fully corrective Frank-Wolfe).
///
/// The gap is proved at every step, and the best proof is kept. With v = mix - u every mixture x of any
/// learnwares has |x - u| >= <x - u, v> / |v| >= (|v|^2 - t) / |v|, where t = max_l <l, g> - <mix, g> is
/// taken over everything, evaluated or bounded, and rounded up; hence |v|^2 - gap = max(0, |v|^2 - t)^2 /
/// |v|^2.
///
/// If the pool's bound is not enough, a proof over all learnwares follows, by products or by ascending
/// bounds. It is tried only if the best alignment seen shows that it can reach `enough_gap`, or halve the gap
/// once no further member is sought.
///
/// @cost  a member: two scans and exact products of some hundred learnwares with all members. A proof by
///        products: for each member and the query one fp32 cross term with every learnware and 4 bytes of
///        memory for it; packed reduced sets besides, which stay for later searches: at most 512 MiB in all,
///        16 GiB with a device
/// @param first the nearest single learnware (certified_search), which the mixture begins with
/// @return none when no mixture of two is better than one
/// @errors corrupt, as the prefilters
/// @source Jaggi, "Revisiting Frank-Wolfe" (2013)
[[nodiscard]] Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                                        const compute::ReducedSetView& query,
                                                                        const CertifiedHit& first,
                                                                        const MixtureOptions& options);

}  // namespace learndock::engine
