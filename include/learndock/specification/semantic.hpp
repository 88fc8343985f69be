#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::specification {

/// The five keys with a closed vocabulary.
enum class SemanticKey : std::uint8_t {
#define LEARNDOCK_VOCABULARY(key, ...) key,
#include "learndock/specification/vocabularies.def"
#undef LEARNDOCK_VOCABULARY
};
inline constexpr std::size_t kSemanticKeys = 5;

struct SemanticVocabulary {
  SemanticKey key;
  std::string_view name;  ///< "Data"
  std::string_view type;  ///< "Class" or "Tag"
  std::vector<std::string_view> values;
};
[[nodiscard]] const std::array<SemanticVocabulary, kSemanticKeys>& semantic_vocabularies();

/// Values as texts, by SemanticKey.
using SemanticTexts = std::array<std::vector<std::string>, kSemanticKeys>;
/// Values as a set, a bit each: those of Data first, then of Task and so on, a key's own in the order of its
/// vocabulary.
using SemanticBits = std::uint64_t;
/// @return without what is in no vocabulary
[[nodiscard]] SemanticBits semantic_bits(SemanticKey key, const std::vector<std::string>& values);
[[nodiscard]] SemanticBits semantic_bits(const SemanticTexts& values);
/// In the order of the vocabularies.
[[nodiscard]] SemanticTexts semantic_texts(SemanticBits bits);

/// What goes in or comes out of the model: {"Dimension": n, "Description": {"0": "..."}}.
struct FeatureDescription {
  std::uint32_t dimension = 0;
  std::map<std::uint32_t, std::string> description;  ///< by index in [0, dimension); may be partial
  bool operator==(const FeatureDescription&) const = default;
};

/// Limits of the text of a specification. A table of 100,000 described columns stays far below them.
inline constexpr std::size_t kMaxFeatureDescriptions = std::size_t{1} << 18;
inline constexpr std::size_t kMaxFeatureDescriptionBytes = 4096;           ///< of one feature
inline constexpr std::size_t kMaxFeatureTextBytes = std::size_t{4} << 20;  ///< of all, in Input or Output
inline constexpr std::size_t kMaxSemanticBytes = std::size_t{32} << 20;    ///< of the JSON text

/// What a learnware is for. As a user requirement (`UserInfo` in the reference) empty fields are wildcards.
struct SemanticSpecification {
  SemanticTexts values;
  std::string name;
  std::string description;
  std::string learnware_id;  ///< of a user's requirement only: part of the id wanted; "" = any
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

/// The rules for a learnware offered to others: exactly one Data, Task, Library and License, at least one
/// Scenario, a name, a description, Input for tables, Output (Dimension > 1 unless regression) for
/// classification and regression.
/// @errors semantic_missing, semantic_value
[[nodiscard]] Result<void> check_complete(const SemanticSpecification& semantic);

}  // namespace learndock::specification
