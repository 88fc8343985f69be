#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace learndock::specification {

/// A key of a kind's JSON file that the dock only hands through.
struct PassedKey {
  std::string_view name;
  std::string_view otherwise;  ///< written, as JSON text, for a specification that has no such key
};

/// The rules of one kind of statistical specification. Each kind is a constant in a folder of its own below
/// src/specification/kinds; no other code asks which kind it has, but only what the kind's rules are.
struct KindRules {
  /// Stored in binary specifications, segments and the learnware cache: do not renumber.
  std::uint8_t number = 0;
  /// The names of the class in the reference's files. The first one is written; the others are read.
  std::span<const std::string_view> names = {};
  /// The value of Data in the semantic specification of such learnwares.
  std::string_view data = {};
  /// The values of a point are the columns that Input of the semantic specification describes.
  bool columns_are_input = false;
  /// The dock searches by one specification of a package: the one whose kind has the least rank.
  std::uint8_t rank = 0;

  /// The kernel: why points of this kind cannot be compared yet; "" says that they compare by
  /// `RkmeSpecification::kernel`, which has at most this many scales.
  std::string_view not_comparable = {};
  std::uint32_t most_scales = 1;

  /// The shape: what is wrong with the shape of a point, "" if nothing. Null: any shape is right.
  std::string_view (*shape_fault)(std::span<const std::size_t> shape) = nullptr;

  /// The JSON form: its keys are, in this order, `keys_before_points`, z, beta, `keys_after_points`, gamma
  /// and scales, num_points, type, language.
  std::span<const PassedKey> keys_before_points = {};
  std::span<const PassedKey> keys_after_points = {};
  bool writes_kernel = true;
  bool writes_num_points = true;
  bool has_languages = false;

  [[nodiscard]] std::string_view name() const { return names.front(); }
  [[nodiscard]] bool comparable() const { return not_comparable.empty(); }
};

/// A kind, as a value: equal and ordered by its number.
class Kind {
 public:
  /// The kind of a file that names none: a table, as in the reference.
  Kind();
  /// @param rules  live as long as the program
  explicit constexpr Kind(const KindRules& rules) : rules_(&rules) {}

  const KindRules* operator->() const { return rules_; }
  const KindRules& operator*() const { return *rules_; }
  bool operator==(const Kind& other) const { return rules_->number == other.rules_->number; }
  std::strong_ordering operator<=>(const Kind& other) const {
    return rules_->number <=> other.rules_->number;
  }

 private:
  const KindRules* rules_;
};

/// "RKMETableSpecification" and so on; "RKMEStatSpecification" is read as the table kind.
[[nodiscard]] std::optional<Kind> kind_of_name(std::string_view name);
[[nodiscard]] std::optional<Kind> kind_of_number(std::uint64_t number);
/// "RKMETableSpecification, ... or ...", for messages.
[[nodiscard]] std::string kind_names();
/// Whether learnwares for this value of Data describe their columns as Input.
[[nodiscard]] bool data_has_input(std::string_view data);

}  // namespace learndock::specification
