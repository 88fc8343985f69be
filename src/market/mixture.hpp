#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "market/deadline.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::market {

/// What a mixture search works on. The certified method is given the terms below; the reference's methods
/// compute what they need, with the backend, so that all terms of one fit round alike.
struct MixtureProblem {
  const compute::Backend& backend;
  compute::ReducedSetView user;
  double user_self = 0;
  std::span<const compute::ReducedSetView> candidates;
  std::span<const double> candidate_self = {};           ///< <l, l> under l's kernel
  std::span<const std::string_view> candidate_ids = {};  ///< of equal candidates the first by id is taken
  std::size_t nearest = 0;                               ///< the candidate to begin with
  unsigned threads = 1;
  Deadline* deadline = nullptr;  ///< ends the search with what it has; null = none

  [[nodiscard]] bool spent() const { return deadline != nullptr && deadline->spent(); }
};

struct Mixture {
  std::vector<std::size_t> members;  ///< indices into the candidates, in selection order
  std::vector<double> weights;       ///< on the simplex
  double mmd_squared = 0;
  std::optional<double> gap;
};

/// Forward stepwise selection as the reference does it: each round adds the candidate whose refitted mixture
/// is best, and stops when the gain is under 5 %. `candidates` is the reference's pool. As there, cross terms
/// of the user take the user's gamma and those between learnwares the gamma of the one added last.
/// @return none when fewer than two members are chosen
[[nodiscard]] Result<std::optional<Mixture>> greedy_mixture(const MixtureProblem& problem,
                                                            std::size_t max_members);

/// One weight fit over the whole pool, then the heaviest while their sum is at most 0.98, refitted.
[[nodiscard]] Result<std::optional<Mixture>> auto_mixture(const MixtureProblem& problem,
                                                          std::size_t max_members);

/// index::certified_mixture over all candidates, which are of one kernel.
[[nodiscard]] Result<std::optional<Mixture>> certified_mixture(const MixtureProblem& problem,
                                                               std::size_t max_members);

/// The better of a certified mixture and another one over some of the same candidates. The lower bound on any
/// mixture, `mmd_squared - gap`, is the certified one's in both cases.
[[nodiscard]] Mixture better_of(Mixture certified, std::optional<Mixture> other);

}  // namespace learndock::market
