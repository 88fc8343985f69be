#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/compute/scan_codes.hpp"
#include "learndock/engine/prefilter_kind.hpp"
#include "learndock/numeric/matrix.hpp"

#include "engine/space/feature_space.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::engine {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;
[[nodiscard]] inline bool is_past(const Deadline& deadline) {
  return deadline && std::chrono::steady_clock::now() >= *deadline;
}

/// The question to a prefilter: embedded queries, and which items may be returned.
struct PrefilterJob {
  std::span<const Embedding> queries;
  /// Bit i set: item i may be returned. Null: all may. [ceil(count / 64)]
  const std::uint64_t* allowed = nullptr;
  Deadline deadline = {};
};

/// Gives lower bounds of MMD^2 for all items of one part, ascending. The certificate relies only on this
/// interface, whatever finds the candidates. Bounds are those of FeatureSpace, valid up to its margin.
///
/// @threads  safe
class Prefilter {
 public:
  virtual ~Prefilter() = default;
  /// The name that status and answers show, such as "scan int4 on cpu".
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// False: an item that is not returned may be lower than a returned one, so nothing is proved.
  [[nodiscard]] virtual bool certified() const { return true; }
  /// The largest number of extra candidates worth asking of `smallest`. Above it, asking `within` for the
  /// rest once the k-th best distance is known costs less.
  [[nodiscard]] virtual std::size_t most_extra() const { return std::numeric_limits<std::size_t>::max(); }

  // Both return false if the deadline came first. The rows then cover the items that were read, at least one
  // batch of blocks. Prefilters that cannot stop in the middle ignore the deadline.

  /// Writes to row q of `out` the out.cols() allowed items of least bound, ascending, ties by item; counts[q]
  /// says how many they are.
  [[nodiscard]] virtual Result<bool> smallest(const PrefilterJob& job, MatrixView<compute::ScanHit> out,
                                              std::span<std::size_t> counts) const = 0;
  /// Writes to row q of `out` all allowed items with a bound of at most thresholds[q], in any order, up to
  /// out.cols() of them; counts[q] says how many there are.
  [[nodiscard]] virtual Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds,
                                            MatrixView<compute::ScanHit> out,
                                            std::span<std::size_t> counts) const = 0;
};

}  // namespace learndock::engine
