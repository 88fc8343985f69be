#pragma once

#include "learndock/base/result.hpp"
#include "learndock/base/warning.hpp"
#include "learndock/specification/statistical.hpp"

#include "learnwares/entry.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::query {

// Limits that a dock sets to reduced sets beyond those of the format. A set with more points than the dock
// takes costs every search of its dimension the square of them, and a set with absurd weights loosens the
// bounds of everything that is compared with it. Such sets are refused on the way in. Stored ones are "odd":
// they stay listed and are compared as singles, but no mixture is made of them. `max_points` is the dock's
// (DockLimits); 0: no limit.

/// @errors too_large, spec_weights
[[nodiscard]] Result<void> check_set(const specification::RkmeSpecification& specification,
                                     std::size_t max_points);
/// Checks the number of a query's points. @errors too_large
[[nodiscard]] Result<void> check_query_points(const specification::RkmeSpecification& specification,
                                              std::size_t max_points);

/// Why the learnware's set is odd: "16384 points, over 1000"; none if it is not.
/// @pre the entry has a specification @cost its weights, if it is in no stored part
[[nodiscard]] std::optional<std::string> oddity_of(const learnwares::Entry& entry, std::size_t max_points);

/// One warning that counts the learnwares that a mixture leaves out and names the first few.
class LeftOut {
 public:
  void add(const learnwares::Entry& entry, std::string_view why);
  void warn(Warnings& warnings) const;

 private:
  std::size_t count_ = 0;
  std::string named_;
};

}  // namespace learndock::query
