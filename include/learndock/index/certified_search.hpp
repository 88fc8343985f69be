#pragma once

#include "learndock/base/result.hpp"
#include "learndock/index/prefilter.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::index {

class PackedRuns;

/// An immutable part of one space's learnwares: a segment on disk or the latest inserts in memory.
/// @threads  safe
class SearchPart {
 public:
  SearchPart();
  virtual ~SearchPart();
  SearchPart(const SearchPart&) = delete;
  SearchPart& operator=(const SearchPart&) = delete;
  /// Of all its items.
  [[nodiscard]] virtual std::size_t dimension() const = 0;
  [[nodiscard]] virtual const compute::GaussianKernel& kernel() const = 0;
  /// None: the part has no embeddings, and every allowed item is evaluated.
  [[nodiscard]] virtual const FeatureSpace* space() const = 0;
  /// Parts with a space have one.
  [[nodiscard]] virtual const Prefilter& prefilter() const = 0;
  /// The same items with `alignment_norm()` in the place of every squared norm: ascending bounds are then
  /// descending upper bounds of inner products. Made when first asked for.
  /// @errors device_memory
  [[nodiscard]] virtual Result<const Prefilter*> alignment_prefilter() const = 0;
  [[nodiscard]] virtual double alignment_norm() const = 0;
  /// Of all its items' embeddings.
  [[nodiscard]] virtual double largest_residual() const = 0;
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// The reduced set of an item; may use `memory`, which must live as long as the view is used.
  /// @errors corrupt: the part is stored and damaged
  [[nodiscard]] virtual Result<compute::ReducedSetView> set(std::size_t item,
                                                            std::vector<double>& memory) const = 0;
  /// ||mu||^2 by direct difference.
  [[nodiscard]] virtual double self(std::size_t item) const = 0;
  /// Breaks ties between equal distances.
  [[nodiscard]] virtual std::string_view id(std::size_t item) const = 0;
  /// The largest sum of absolute weights of its items.
  [[nodiscard]] virtual double largest_mass() const = 0;
  /// Its reduced sets as mixtures multiply them, kept from one search to the next.
  [[nodiscard]] PackedRuns& packed_runs() const { return *packed_runs_; }

 private:
  std::unique_ptr<PackedRuns> packed_runs_;
};

/// A part and what of it may be answered: filters and tombstones as one bitmap.
struct FilteredPart {
  std::shared_ptr<const SearchPart> part;
  const std::uint64_t* allowed = nullptr;  ///< null: all; [ceil(count / 64)]
  std::size_t allowed_count = 0;           ///< bits set; ignored when `allowed` is null

  [[nodiscard]] bool allows(std::size_t item) const {
    return allowed == nullptr || (allowed[item / 64] >> (item % 64) & 1U) != 0;
  }
  /// Items that may be answered.
  [[nodiscard]] std::size_t count() const { return allowed == nullptr ? part->count() : allowed_count; }
};

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

}  // namespace learndock::index
