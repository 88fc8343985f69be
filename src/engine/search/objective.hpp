#pragma once

#include "engine/search/certified_search.hpp"

#include <cstddef>
#include <limits>
#include <vector>

namespace learndock::engine {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A learnware that may be among the best, and the least its value can be.
struct Candidate {
  double bound = 0;
  std::size_t part = 0;
  std::size_t item = 0;
};

/// What a search minimises over the learnwares of its parts: exact values, and how a prefilter's lower bounds
/// bound them.
/// @threads  safe
class Objective {
 public:
  virtual ~Objective() = default;
  [[nodiscard]] virtual Result<double> value(const SearchPart& part, std::size_t item,
                                             std::vector<double>& memory) const = 0;
  /// What the part's prefilter is asked. This and what follows only for parts with a space.
  [[nodiscard]] virtual const Embedding& embedding(std::size_t part) const = 0;
  [[nodiscard]] virtual const Prefilter& prefilter(const SearchPart& part) const = 0;
  /// The least value that goes with a bound of the prefilter, and the bound that goes with a value.
  [[nodiscard]] virtual double least_value(std::size_t part, double bound) const = 0;
  [[nodiscard]] virtual double bound_of(std::size_t part, double value) const = 0;
  /// Raises bounds of many candidates where that costs less than their values.
  /// @errors corrupt; unavailable
  [[nodiscard]] virtual Result<void> tighten(std::vector<Candidate>&) const { return {}; }
};

struct BoundedAnswer {
  std::vector<CertifiedHit> hits;  ///< ascending values, in `mmd_squared`
  /// Least value of anything that was not evaluated; infinite when everything was.
  double unseen = 0;
  std::size_t evaluated = 0;
};

/// The `top` learnwares of least value for each objective: those of one call share the scans.
[[nodiscard]] Result<std::vector<BoundedAnswer>> bounded_search(std::span<const FilteredPart> parts,
                                                                std::span<const Objective* const> objectives,
                                                                const CertifiedOptions& options);

/// Sets embedded once in each distinct space of some parts; empty embeddings for parts without one.
class SpaceEmbeddings {
 public:
  SpaceEmbeddings(std::span<const FilteredPart> parts, std::span<const compute::ReducedSetView> sets,
                  unsigned threads);
  [[nodiscard]] const Embedding& of(std::size_t part, std::size_t set) const {
    return embedded_[space_of_[part]][set];
  }

 private:
  std::vector<std::size_t> space_of_;             // [parts]
  std::vector<std::vector<Embedding>> embedded_;  // [spaces][sets]
};

}  // namespace learndock::engine
