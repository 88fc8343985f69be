#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"
#include "learndock/specification/statistical.hpp"

#include "specification/space_id.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::specification {

/// The kernels that a version of an index compares under, in place of the specifications' own. A family that
/// is not here keeps its specifications' own. The kernels belong to the index, so reduced sets and their
/// records do not change.
/// @threads safe to read concurrently
class SpaceKernels {
 public:
  /// @errors invalid_argument (not a kernel of this family: other scales, gamma not positive or too large for
  /// its scales, or a kind that is not comparable)
  [[nodiscard]] Result<void> set(SpaceFamily family, const compute::Kernel& kernel);

  [[nodiscard]] bool empty() const { return kernels_.empty(); }
  [[nodiscard]] const std::map<SpaceFamily, compute::Kernel>& kernels() const { return kernels_; }
  /// The current kernel of a family; none: each specification's own. @cost logarithmic
  [[nodiscard]] std::optional<compute::Kernel> kernel_of(const SpaceFamily& family) const;
  /// The space in which learnwares of the specified space are compared.
  [[nodiscard]] SpaceId current(const SpaceId& specified) const;
  bool operator==(const SpaceKernels&) const = default;

 private:
  std::map<SpaceFamily, compute::Kernel> kernels_;
};

/// [{"type", "shape", "scales", "gamma"}], in ascending order.
[[nodiscard]] Json to_json(const SpaceKernels& kernels);
/// @errors corrupt
[[nodiscard]] Result<SpaceKernels> kernels_from_json(const Json& json);

/// The JSON form as the index keeps it: text, "" when there are none.
[[nodiscard]] std::string kernels_text(const SpaceKernels& kernels);
/// @errors corrupt
[[nodiscard]] Result<SpaceKernels> kernels_from_text(std::string_view text);
/// Whether `kernels_from_text` reads it, as the store of an index asks for each manifest. @errors corrupt
[[nodiscard]] Result<void> check_kernels_text(std::string_view text);

}  // namespace learndock::specification
