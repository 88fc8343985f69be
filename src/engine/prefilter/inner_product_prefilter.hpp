#pragma once

#include "engine/prefilter/cells.hpp"
#include "engine/prefilter/prefilter.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace learndock::engine {

/// The prefilter of a part for inner products, made when first asked for. It uses the part's own codes. Their
/// factors are copied with the largest squared norm for all items: bounds then order by inner product alone,
/// and the scan's allowance for rounding, a share of the norms, only grows.
class InnerProductPrefilter {
 public:
  /// `codes` and `cells` must outlive it. If there are cells, the codes are in their order.
  /// @param threads number of threads that compare queries with cells
  InnerProductPrefilter(const compute::ScanCodesView& codes, std::shared_ptr<const compute::Backend> backend,
                        std::optional<CellsView> cells = {}, unsigned threads = 1);
  /// @errors device_memory @threads safe
  [[nodiscard]] Result<const Prefilter*> get();
  [[nodiscard]] double norm() const { return norm_; }
  [[nodiscard]] double largest_residual() const { return largest_residual_; }

 private:
  compute::ScanCodesView codes_;
  std::shared_ptr<const compute::Backend> backend_;
  std::optional<CellsView> cells_;
  unsigned threads_;
  double norm_ = 0, largest_residual_ = 0;
  std::mutex mutex_;
  std::vector<float> factors_;
  std::unique_ptr<Prefilter> prefilter_;
};

}  // namespace learndock::engine
