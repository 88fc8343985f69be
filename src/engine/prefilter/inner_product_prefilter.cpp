#include "engine/prefilter/inner_product_prefilter.hpp"

#include "engine/prefilter/cell_scan.hpp"
#include "engine/prefilter/code_scan.hpp"

#include <algorithm>

namespace learndock::engine {

InnerProductPrefilter::InnerProductPrefilter(const compute::ScanCodesView& codes,
                                             std::shared_ptr<const compute::Backend> backend,
                                             std::optional<CellsView> cells, unsigned threads)
    : codes_(codes), backend_(std::move(backend)), cells_(cells), threads_(threads) {
  float norm = 0, residual = 0;
  for (std::size_t i = 0; i < codes.count; ++i) {
    if (codes.is_padding(i)) continue;
    norm = std::max(norm, codes.factor(i, compute::Factor::squared_norm));
    residual = std::max(residual, codes.factor(i, compute::Factor::residual));
  }
  norm_ = static_cast<double>(norm);
  largest_residual_ = static_cast<double>(residual);
}

Result<const Prefilter*> InnerProductPrefilter::get() {
  const std::scoped_lock lock(mutex_);
  if (prefilter_) return prefilter_.get();
  const std::size_t block = compute::kFactors * compute::kBlockItems;
  factors_.assign(codes_.factors, codes_.factors + codes_.blocks() * block);
  const auto norms = static_cast<std::size_t>(compute::Factor::squared_norm) * compute::kBlockItems;
  for (std::size_t i = 0; i < codes_.count; ++i)
    if (!codes_.is_padding(i))
      factors_[i / compute::kBlockItems * block + norms + i % compute::kBlockItems] =
          static_cast<float>(norm_);
  compute::ScanCodesView codes = codes_;
  codes.factors = factors_.data();
  auto made = cells_ ? cell_scan(*cells_, codes, backend_, threads_, norm_) : code_scan(codes, backend_);
  LEARNDOCK_TRY(prefilter_, std::move(made));
  return prefilter_.get();
}

}  // namespace learndock::engine
