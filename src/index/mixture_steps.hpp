#pragma once

#include "index/mixture_state.hpp"
#include "index/product_table.hpp"

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace learndock::index {

/// What a look at all learnwares says of a mixture.
struct MixtureStep {
  std::optional<CertifiedHit> next;  ///< to be added; none: nothing would make the mixture better
  double most = std::numeric_limits<double>::infinity();  ///< no learnware is aligned better with g than this
  std::size_t evaluated = 0;
  bool cut = false;  ///< there was no time for it; it says nothing
};

/// By ascending bounds: the best aligned learnware. @errors as bounded_search
[[nodiscard]] Result<MixtureStep> step_by_index(MixtureState& state, const MixtureOptions& options);

/// By products with all learnwares: the one that makes the refitted mixture best, and the best alignment,
/// told in fp64 among those that rounding does not tell apart.
class ProductSteps {
 public:
  ProductSteps(const MixtureState& state, const MixtureOptions& options);

  /// As ProductTable::packing_time.
  [[nodiscard]] Result<ProductTable::Duration> packing_time() { return table_.packing_time(); }
  /// @errors corrupt; invalid_argument (values beyond fp32); of the backend
  [[nodiscard]] Result<MixtureStep> next(const MixtureState& state, const Deadline& deadline);

 private:
  using Rows = std::vector<std::size_t>;

  /// Columns for the query and all members; false when the deadline came first.
  [[nodiscard]] Result<bool> complete_columns(const MixtureState& state, const Deadline& deadline);
  [[nodiscard]] Result<void> find_most(const MixtureState& state, const ProductTable::Sums& sums,
                                       MixtureStep& step) const;
  [[nodiscard]] Result<std::optional<CertifiedHit>> best_refit(const MixtureState& state,
                                                               const ProductTable::Sums& sums) const;
  [[nodiscard]] Result<std::vector<double>> gains(const MixtureState& state,
                                                  const ProductTable::Sums& sums) const;
  [[nodiscard]] std::vector<double> squared_distances(const MixtureState& state,
                                                      MatrixView<const double> white, std::size_t first,
                                                      std::size_t count) const;
  [[nodiscard]] std::optional<double> refit_with(const MixtureState& state, std::size_t row) const;
  [[nodiscard]] std::size_t column_of(const MixtureState& state, std::size_t member) const;
  [[nodiscard]] double self(std::size_t row) const;

  std::span<const FilteredPart> parts_;
  const MixtureOptions& options_;
  ProductTable table_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> columns_;  // of (part, item)
};

}  // namespace learndock::index
