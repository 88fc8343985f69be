#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"
#include "learndock/specification/statistical.hpp"

#include "specification/space_id.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace learndock::specification {

/// The gammas that a version of an index compares under, in place of the specifications' own. A group that is
/// not here keeps its specifications' own. The gammas belong to the index, so reduced sets and their records
/// do not change.
/// @threads safe to read concurrently
class SpaceKernels {
 public:
  /// @errors invalid_argument (not a gamma of this group: not positive, or too large for its scales; images,
  /// which have no Gaussian kernel)
  [[nodiscard]] Result<void> set(SpaceFamily group, double gamma);

  [[nodiscard]] bool empty() const { return gammas_.empty(); }
  [[nodiscard]] const std::map<SpaceFamily, double>& gammas() const { return gammas_; }
  /// The current gamma of a group; none: each specification's own. @cost logarithmic
  [[nodiscard]] std::optional<double> gamma_of(const SpaceFamily& group) const;
  /// The space in which learnwares of the specified space are compared.
  [[nodiscard]] SpaceId in_force(const SpaceId& specified) const;
  bool operator==(const SpaceKernels&) const = default;

 private:
  std::map<SpaceFamily, double> gammas_;
};

/// [{"type", "shape", "scales", "gamma"}], in ascending order.
[[nodiscard]] Json to_json(const SpaceKernels& kernels);
/// @errors corrupt
[[nodiscard]] Result<SpaceKernels> kernels_from_json(const Json& json);

}  // namespace learndock::specification
