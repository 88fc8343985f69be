#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::specification {

/// The keys with a closed vocabulary.
enum class SemanticKey : std::uint8_t {
#define LEARNDOCK_VOCABULARY(key, ...) key,
#include "learndock/specification/vocabularies.def"
#undef LEARNDOCK_VOCABULARY
};
inline constexpr std::size_t kSemanticKeys = 6;

struct SemanticVocabulary {
  SemanticKey key;
  std::string_view name;  ///< "Data"
  std::string_view type;  ///< "Class", "Tag" or "Optional"
  std::vector<std::string_view> values;
};
[[nodiscard]] const std::array<SemanticVocabulary, kSemanticKeys>& semantic_vocabularies();

/// The tasks that the current release of the reference knows for a value of Data; none for other values.
/// Earlier releases allow every task, so that another one is no fault.
[[nodiscard]] std::vector<std::string_view> tasks_of_data(std::string_view data);

/// Values as texts, by SemanticKey.
using SemanticTexts = std::array<std::vector<std::string>, kSemanticKeys>;
/// Values as a set, one bit each: the values of Data first, then those of Task and so on, each key's in the
/// order of its vocabulary.
using SemanticBits = std::uint64_t;
/// @return the bits; values that are in no vocabulary are left out
[[nodiscard]] SemanticBits semantic_bits(SemanticKey key, const std::vector<std::string>& values);
[[nodiscard]] SemanticBits semantic_bits(const SemanticTexts& values);
/// The values of a set, in the order of the vocabularies.
[[nodiscard]] SemanticTexts semantic_texts(SemanticBits bits);

/// The input or output of the model: {"Dimension": n, "Description": {"0": "..."}}.
struct FeatureDescription {
  std::uint32_t dimension = 0;
  std::map<std::uint32_t, std::string> description;  ///< texts by index in [0, dimension); may be partial
  bool operator==(const FeatureDescription&) const = default;
};

/// Limits on the text of a specification. A table of 100,000 described columns stays far below them.
inline constexpr std::size_t kMaxFeatureDescriptions = std::size_t{1} << 18;
inline constexpr std::size_t kMaxFeatureDescriptionBytes = 4096;           ///< text of one feature
inline constexpr std::size_t kMaxFeatureTextBytes = std::size_t{4} << 20;  ///< all of Input, or of Output
inline constexpr std::size_t kMaxSemanticBytes = std::size_t{32} << 20;    ///< length of the JSON text

/// The semantic specification says what a learnware is for. In a user's requirement (`UserInfo` in the
/// reference) empty fields are wildcards.
struct SemanticSpecification {
  SemanticTexts values;
  std::string name;
  std::string description;
  std::string learnware_id;  ///< only in a user's requirement: part of the wanted id; "" = any
  std::optional<FeatureDescription> input;
  std::optional<FeatureDescription> output;

  [[nodiscard]] const std::vector<std::string>& of(SemanticKey key) const {
    return values[static_cast<std::size_t>(key)];
  }
  [[nodiscard]] std::vector<std::string>& of(SemanticKey key) {
    return values[static_cast<std::size_t>(key)];
  }
  bool operator==(const SemanticSpecification&) const = default;
};

/// Reads the reference's semantic_specification.json: checks shapes and vocabularies, tolerates missing keys,
/// null or {} for Input and Output, and Input/Output given as JSON strings. Input is left out for data other
/// than tables, Output for tasks other than classification and regression.
/// @errors semantic_shape, semantic_value; `where` is a JSON pointer
[[nodiscard]] Result<SemanticSpecification> semantic_from_json(const Json& json);
[[nodiscard]] Result<SemanticSpecification> semantic_from_json_text(std::string_view text);
[[nodiscard]] Json semantic_to_json(const SemanticSpecification& semantic);

/// Gives a learnware the values that the reference takes where it has none: "Others" for Model, which earlier
/// releases do not know. Not for a requirement, in which no value means any.
void add_defaults(SemanticSpecification& semantic);

/// The rules for a learnware offered to others: exactly one Data, Task, Library and License, at least one
/// Scenario, at most one Model, a name, a description, Input for tables, Output (Dimension > 1 unless
/// regression) for classification and regression.
/// @errors semantic_missing, semantic_value
[[nodiscard]] Result<void> check_complete(const SemanticSpecification& semantic);

}  // namespace learndock::specification
