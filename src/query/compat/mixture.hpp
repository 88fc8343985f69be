#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "query/request/answer_terms.hpp"
#include "query/request/deadline.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace learndock::query {

/// The input of a mixture search. The certified method is given the terms below; the reference's methods
/// compute their terms with the backend, so that all terms of one fit round alike.
struct MixtureProblem {
  const compute::Backend& backend;
  compute::ReducedSetView user;
  double user_self = 0;
  std::span<const compute::ReducedSetView> candidates;
  std::span<const double> candidate_self = {};           ///< <l, l> under l's kernel
  std::span<const std::string_view> candidate_ids = {};  ///< among equal candidates the first by id is taken
  std::size_t nearest = 0;                               ///< the candidate to begin with
  unsigned threads = 1;
  Deadline* deadline = nullptr;  ///< ends the search with what it has; null = none
  /// <l, l> by the backend, if known: the reference's methods then do not compute it again.
  std::span<const double> known_self = {};

  [[nodiscard]] bool spent() const { return deadline != nullptr && deadline->spent(); }
};

/// Members of type `Member`, in selection order, each with its weight.
template <class Member>
struct MixtureOf {
  std::vector<Member> members;
  std::vector<double> weights;  ///< on the simplex
  double mmd_squared = 0;
  std::optional<double> gap;
};
using Mixture = MixtureOf<std::size_t>;  ///< of indices into the candidates

/// Forward stepwise selection as the reference does it: each round adds the candidate whose refitted mixture
/// is best, and stops when the gain is under 5 %. `candidates` is the reference's pool. As there, cross terms
/// of the user take the user's gamma and those between learnwares the gamma of the one added last.
/// @return none when fewer than two members are chosen
[[nodiscard]] Result<std::optional<Mixture>> greedy_mixture(const MixtureProblem& problem,
                                                            std::size_t max_members);

/// One weight fit over the whole pool, then the heaviest while their sum is at most 0.98, refitted.
[[nodiscard]] Result<std::optional<Mixture>> auto_mixture(const MixtureProblem& problem,
                                                          std::size_t max_members);

/// engine::certified_mixture over all candidates, which are of one kernel.
[[nodiscard]] Result<std::optional<Mixture>> certified_mixture(const MixtureProblem& problem,
                                                               std::size_t max_members);

/// The better of a certified mixture and another one over some of the same candidates. The lower bound on any
/// mixture, `mmd_squared - gap`, is the certified one's in both cases.
template <class Member>
[[nodiscard]] MixtureOf<Member> better_of(MixtureOf<Member> certified,
                                          std::type_identity_t<std::optional<MixtureOf<Member>>> other) {
  if (!other || !(other->mmd_squared < certified.mmd_squared)) return certified;
  const double lower_bound = certified.mmd_squared - certified.gap.value_or(certified.mmd_squared);
  // A mixture below a proved bound by more than rounding was not computed well enough to be preferred.
  if (other->mmd_squared < lower_bound - kExactFit * (1 + std::abs(lower_bound))) return certified;
  other->gap = std::max(0.0, other->mmd_squared - lower_bound);
  // The reference keeps a member whose weight became 0 in a later round; here it would be downloaded for
  // nothing.
  for (std::size_t i = other->members.size(); i-- > 0;) {
    if (other->weights[i] > 0) continue;
    other->members.erase(other->members.begin() + static_cast<std::ptrdiff_t>(i));
    other->weights.erase(other->weights.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return std::move(*other);
}

}  // namespace learndock::query
