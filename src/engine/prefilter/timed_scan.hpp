#pragma once

#include "learndock/compute/backend.hpp"

#include "engine/prefilter/prefilter.hpp"

#include <memory>
#include <span>
#include <vector>

namespace learndock::engine {

/// A backend's scans of held codes. With a deadline it scans batches of blocks and looks at the clock between
/// them.
class TimedScan {
 public:
  /// @param slice_blocks blocks of a batch, for up to four queries; 0: chosen by the backend's speed and the
  /// time left
  TimedScan(std::shared_ptr<const compute::Backend> backend, std::shared_ptr<const compute::HeldCodes> codes,
            std::size_t slice_blocks = 0);

  [[nodiscard]] const compute::Backend& backend() const { return *backend_; }
  [[nodiscard]] const compute::ScanCodesView& codes() const { return codes_->view(); }

  /// As Backend::scan_smallest. @return false: the deadline came, after at least one batch; rows cover the
  /// items that were read
  [[nodiscard]] Result<bool> smallest(const compute::ScanJob& job, const Deadline& deadline,
                                      MatrixView<compute::ScanHit> out, std::span<std::size_t> counts) const;
  /// As Backend::scan_within. @return false: as above
  [[nodiscard]] Result<bool> within(const compute::ScanJob& job, const Deadline& deadline,
                                    std::span<const float> thresholds, MatrixView<compute::ScanHit> out,
                                    std::span<std::size_t> counts) const;

 private:
  [[nodiscard]] std::size_t blocks_of_slice(const Deadline& deadline, std::size_t queries) const;
  [[nodiscard]] std::vector<compute::BlockRange> ranges_of(const compute::ScanJob& job) const;
  /// Calls scan(ranges) for one batch of the ranges after the other.
  template <class Scan>
  [[nodiscard]] Result<bool> in_slices(const compute::ScanJob& job, const Deadline& deadline,
                                       const Scan& scan) const;

  std::shared_ptr<const compute::Backend> backend_;
  std::shared_ptr<const compute::HeldCodes> codes_;
  std::size_t slice_blocks_;
};

}  // namespace learndock::engine
