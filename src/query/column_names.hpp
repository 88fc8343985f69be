#pragma once

#include "learndock/specification/semantic.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::query {

enum class ColumnMatch : std::uint8_t {
  unknown,    ///< one side has no names that can be compared
  in_order,   ///< the same names in the same order
  reordered,  ///< the same names in another order
  other       ///< some names of the learnware are not among the user's
};

struct ColumnComparison {
  ColumnMatch match = ColumnMatch::unknown;
  std::vector<std::size_t> order;    ///< reordered: the user's column of each input
  std::vector<std::string> missing;  ///< other: the learnware's names that are not there
};

/// A name as it is compared: case, spelling, blanks and signs between words do not count, and "/" is "per".
/// use.py compares names by the same rules.
[[nodiscard]] std::string key_of_name(std::string_view name);
/// What stands before a unit or an explanation: "alcohol" in "alcohol, in percent", "length" in "length
/// (cm)".
[[nodiscard]] std::string_view head_of_name(std::string_view name);

/// The names of the columns that a user's specification was made of, ready to be compared with those of many
/// learnwares.
class ColumnNames {
 public:
  /// @cost linear in the text
  explicit ColumnNames(std::span<const std::string> names);
  /// False when the names are numbers alone, which programs write for columns without names.
  [[nodiscard]] bool usable() const { return usable_; }
  /// @cost n log n for n inputs
  [[nodiscard]] ColumnComparison compare(const specification::FeatureDescription& inputs) const;

 private:
  /// The place of each text among the names; kNowhere when it is not there, or not once.
  [[nodiscard]] std::vector<std::size_t> places_of(std::span<const std::string_view> texts) const;

  std::size_t count_ = 0;
  bool usable_ = false;
  std::array<std::map<std::string, std::size_t, std::less<>>, 2> places_;  // by the name, and by its head
};

}  // namespace learndock::query
