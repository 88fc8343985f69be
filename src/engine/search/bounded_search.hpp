#pragma once

#include "engine/search/certified_search.hpp"

#include <cstddef>
#include <limits>
#include <vector>

namespace learndock::engine {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A learnware that may be among the best, and the least value that it can have.
struct Candidate {
  double bound = 0;
  std::size_t part = 0;
  PartItem item;
};

/// The function that a search minimises over the learnwares of its parts: its exact values, and how a
/// prefilter's lower bounds bound them.
/// @threads  safe
class Objective {
 public:
  virtual ~Objective() = default;
  [[nodiscard]] virtual Result<double> value(const SearchPart& part, PartItem item,
                                             std::vector<double>& memory) const = 0;
  /// The query to the part's prefilter. @pre for this and the next functions: the part has a space
  [[nodiscard]] virtual const Embedding& embedding(std::size_t part) const = 0;
  [[nodiscard]] virtual const Prefilter& prefilter(const SearchPart& part) const = 0;
  /// The least value that goes with a bound of the prefilter, and the bound that goes with a value.
  [[nodiscard]] virtual double least_value(std::size_t part, double bound) const = 0;
  [[nodiscard]] virtual double bound_of(std::size_t part, double value) const = 0;
  /// Raises the bounds of many candidates if that costs less than computing their values.
  /// @errors corrupt; unavailable
  [[nodiscard]] virtual Result<void> tighten(std::vector<Candidate>&) const { return {}; }
};

struct BoundedAnswer {
  std::vector<CertifiedHit> hits;  ///< ascending values, in `mmd_squared`
  /// The least value that anything not evaluated can have; infinite if everything was evaluated.
  double unseen = 0;
  std::size_t evaluated = 0;
};

/// The `top` learnwares of least value for each objective. Objectives of one call share the scans.
[[nodiscard]] Result<std::vector<BoundedAnswer>> bounded_search(std::span<const FilteredPart> parts,
                                                                std::span<const Objective* const> objectives,
                                                                const CertifiedOptions& options);

}  // namespace learndock::engine
