#include "learndock/specification/semantic.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/kinds.hpp"

#include "base/number.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace learndock::specification {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxDescriptionBytes = 1 << 17;
constexpr std::uint32_t kMaxDimension = 1 << 24;
constexpr std::size_t kMaxIdBytes = 128;

const SemanticVocabulary& vocabulary(SemanticKey key) {
  return semantic_vocabularies()[static_cast<std::size_t>(key)];
}

/// The bit of a key's first value.
std::size_t first_bit(SemanticKey key) {
  std::size_t bit = 0;
  for (const SemanticVocabulary& one : semantic_vocabularies())
    if (one.key < key) bit += one.values.size();
  return bit;
}

const Json* member_of(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

/// The "Values" of a key; null when the key or its values are absent.
Result<const Json*> values_of(const Json& json, std::string_view key) {
  const Json* entry = member_of(json, key);
  if (entry == nullptr) return nullptr;
  if (!entry->is_object())
    return fail(ErrorCode::semantic_shape, fmt::format("{} is {}, not an object", key, entry->type_name()),
                fmt::format("/{}", key), "write {\"Values\": ..., \"Type\": ...}");
  return member_of(*entry, "Values");
}

Result<std::string> read_string(const Json& json, std::string_view key, std::size_t max_bytes) {
  LEARNDOCK_TRY(const Json* values, values_of(json, key));
  if (values == nullptr) return std::string();
  const std::string where = fmt::format("/{}/Values", key);
  if (!values->is_string())
    return fail(ErrorCode::semantic_shape, fmt::format("{} is {}, not a string", key, values->type_name()),
                where);
  const auto& text = values->get_ref<const std::string&>();
  if (text.size() > max_bytes)
    return fail(ErrorCode::semantic_value,
                fmt::format("{} has {} bytes, the limit is {}", key, text.size(), max_bytes), where);
  return text;
}

/// Control characters and bidirectional overrides can make one name look like another.
bool shows_as_written(std::string_view text) {
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point || *point < 0x20 || *point == 0x7f || is_bidi_control(*point)) return false;
  }
  return true;
}

Result<std::vector<std::string>> read_values(const Json& json, const SemanticVocabulary& allowed) {
  LEARNDOCK_TRY(const Json* values, values_of(json, allowed.name));
  std::vector<std::string> read;
  if (values == nullptr) return read;
  const std::string where = fmt::format("/{}/Values", allowed.name);
  const auto add = [&](const Json& value) -> Result<void> {
    if (!value.is_string())
      return fail(ErrorCode::semantic_shape,
                  fmt::format("a value of {} is {}, not a string", allowed.name, value.type_name()), where);
    const auto& text = value.get_ref<const std::string&>();
    if (std::find(allowed.values.begin(), allowed.values.end(), text) == allowed.values.end())
      return fail(ErrorCode::semantic_value, fmt::format("\"{}\" is not a value of {}", text, allowed.name),
                  where, fmt::format("use one of: {}", fmt::join(allowed.values, ", ")));
    if (std::find(read.begin(), read.end(), text) == read.end()) read.push_back(text);
    return {};
  };
  // A single string is tolerated; the empty one is a wildcard.
  if (values->is_string()) {
    if (!values->get_ref<const std::string&>().empty()) LEARNDOCK_CHECK(add(*values));
    return read;
  }
  if (!values->is_array())
    return fail(ErrorCode::semantic_shape,
                fmt::format("{} is {}, not a list", allowed.name, values->type_name()), where);
  for (const Json& value : *values) LEARNDOCK_CHECK(add(value));
  return read;
}

Result<std::uint32_t> read_dimension(const Json& json, const std::string& where) {
  std::uint64_t dimension = 0;
  if (json.is_number_integer() && json.get<std::int64_t>() > 0) {
    dimension = json.get<std::uint64_t>();
  } else if (json.is_string()) {  // the reference accepts whatever int() does
    dimension = whole_number<std::uint64_t>(json.get_ref<const std::string&>()).value_or(0);
  }
  if (dimension == 0 || dimension > kMaxDimension)
    return fail(ErrorCode::semantic_value,
                fmt::format("Dimension must be a whole number from 1 to {}", kMaxDimension), where);
  return static_cast<std::uint32_t>(dimension);
}

/// The index of a described feature; nothing for what is no index below the dimension.
std::optional<std::uint32_t> feature_index(const std::string& text, std::uint32_t dimension) {
  const auto index = whole_number<std::uint32_t>(text);
  return index && *index < dimension ? index : std::nullopt;
}

Result<void> read_description(const Json& json, const std::string& where, FeatureDescription& features) {
  if (!json.is_object()) return fail(ErrorCode::semantic_shape, "Description is not an object", where);
  if (json.size() > kMaxFeatureDescriptions)
    return fail(
        ErrorCode::semantic_value,
        fmt::format("{} features are described, the limit is {}", json.size(), kMaxFeatureDescriptions),
        where);
  std::size_t bytes = 0;
  for (const auto& [index_text, text] : json.items()) {
    const auto index = feature_index(index_text, features.dimension);
    if (!index)
      return fail(
          ErrorCode::semantic_value,
          fmt::format("\"{}\" is not an index below the Dimension {}", index_text, features.dimension),
          where);
    if (!text.is_string())
      return fail(ErrorCode::semantic_shape, "a description is not a string",
                  fmt::format("{}/{}", where, *index));
    const auto& words = text.get_ref<const std::string&>();
    bytes += words.size();
    if (words.size() > kMaxFeatureDescriptionBytes || bytes > kMaxFeatureTextBytes)
      return fail(ErrorCode::semantic_value,
                  fmt::format("a feature's description has at most {} bytes, all together {}",
                              kMaxFeatureDescriptionBytes, kMaxFeatureTextBytes),
                  fmt::format("{}/{}", where, *index), "describe features in a few words");
    features.description[*index] = words;
  }
  return {};
}

Result<std::optional<FeatureDescription>> read_features(const Json& json, std::string_view key) {
  const Json* entry = member_of(json, key);
  const std::string where = fmt::format("/{}", key);
  Json decoded;
  if (entry != nullptr && entry->is_string()) {  // web forms send the object as JSON text
    auto parsed = parse_json(entry->get_ref<const std::string&>());
    if (!parsed) return pass_on(std::move(parsed).error(), where);
    decoded = std::move(*parsed);
    entry = &decoded;
  }
  if (entry == nullptr || (entry->is_object() && entry->empty())) return std::nullopt;
  if (!entry->is_object())
    return fail(ErrorCode::semantic_shape, fmt::format("{} is {}, not an object", key, entry->type_name()),
                where);
  const Json* dimension = member_of(*entry, "Dimension");
  if (dimension == nullptr)
    return fail(ErrorCode::semantic_shape, fmt::format("{} has no Dimension", key), where);
  FeatureDescription features;
  LEARNDOCK_TRY(features.dimension, read_dimension(*dimension, where + "/Dimension"));
  if (const Json* description = member_of(*entry, "Description"))
    LEARNDOCK_CHECK(read_description(*description, where + "/Description", features));
  return features;
}

Json features_to_json(const std::optional<FeatureDescription>& features) {
  if (!features) return Json::object();
  Json description = Json::object();
  for (const auto& [index, text] : features->description)
    append_child(description, std::to_string(index), text);
  return {{"Dimension", features->dimension}, {"Description", std::move(description)}};
}

Failure incomplete(std::string_view key, std::string message) {
  return fail(ErrorCode::semantic_missing, std::move(message), fmt::format("/{}", key),
              fmt::format("give \"{}\" in the semantic specification what it needs", key));
}

bool holds(const std::vector<std::string>& values, std::string_view wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

bool any_has_input(const std::vector<std::string>& data) {
  return std::any_of(data.begin(), data.end(), data_has_input);
}

bool predicts_targets(const SemanticSpecification& semantic) {
  const auto& task = semantic.of(SemanticKey::task);
  return holds(task, "Classification") || holds(task, "Regression");
}

}  // namespace

const std::array<SemanticVocabulary, kSemanticKeys>& semantic_vocabularies() {
  static const std::array<SemanticVocabulary, kSemanticKeys> vocabularies = {{
#define LEARNDOCK_VOCABULARY(key, name, type, ...) {SemanticKey::key, name, type, {__VA_ARGS__}},
#include "learndock/specification/vocabularies.def"
#undef LEARNDOCK_VOCABULARY
  }};
  return vocabularies;
}

std::vector<std::string_view> tasks_of_data(std::string_view data) {
  if (data == "Table") return {"Classification", "Regression", "Feature Extraction", "Others"};
  if (data == "Image")
    return {"Classification", "Regression",       "Feature Extraction",
            "Segmentation",   "Object Detection", "Others"};
  if (data == "Text")
    return {"Classification", "Regression", "Feature Extraction", "Text Generation", "Others"};
  return {};
}

void add_defaults(SemanticSpecification& semantic) {
  if (semantic.of(SemanticKey::model).empty()) semantic.of(SemanticKey::model) = {"Others"};
}

SemanticBits semantic_bits(SemanticKey key, const std::vector<std::string>& values) {
  const auto& known = vocabulary(key).values;
  const std::size_t first = first_bit(key);
  SemanticBits bits = 0;
  for (const std::string& value : values) {
    const auto place = std::find(known.begin(), known.end(), value);
    if (place != known.end())
      bits |= SemanticBits{1} << (first + static_cast<std::size_t>(place - known.begin()));
  }
  return bits;
}

SemanticBits semantic_bits(const SemanticTexts& values) {
  SemanticBits bits = 0;
  for (std::size_t key = 0; key < kSemanticKeys; ++key)
    bits |= semantic_bits(static_cast<SemanticKey>(key), values[key]);
  return bits;
}

SemanticTexts semantic_texts(SemanticBits bits) {
  SemanticTexts texts;
  std::size_t bit = 0;
  for (const SemanticVocabulary& vocabulary : semantic_vocabularies())
    for (const std::string_view value : vocabulary.values)
      if ((bits >> bit++ & 1) != 0) texts[static_cast<std::size_t>(vocabulary.key)].emplace_back(value);
  return texts;
}

Result<SemanticSpecification> semantic_from_json(const Json& json) {
  if (!json.is_object())
    return fail(ErrorCode::semantic_shape,
                fmt::format("a semantic specification is an object, this is {}", json.type_name()));
  SemanticSpecification semantic;
  for (const SemanticVocabulary& allowed : semantic_vocabularies()) {
    LEARNDOCK_TRY(semantic.of(allowed.key), read_values(json, allowed));
  }
  LEARNDOCK_TRY(semantic.name, read_string(json, "Name", kMaxNameBytes));
  if (!shows_as_written(semantic.name))
    return fail(ErrorCode::semantic_value, "Name holds control or direction-changing characters",
                "/Name/Values");
  LEARNDOCK_TRY(semantic.description, read_string(json, "Description", kMaxDescriptionBytes));
  LEARNDOCK_TRY(semantic.learnware_id, read_string(json, "learnware_id", kMaxIdBytes));
  // As in the reference, Input means nothing but for tables, Output nothing but for predicted targets.
  if (semantic.of(SemanticKey::data).empty() || any_has_input(semantic.of(SemanticKey::data))) {
    LEARNDOCK_TRY(semantic.input, read_features(json, "Input"));
  }
  if (semantic.of(SemanticKey::task).empty() || predicts_targets(semantic)) {
    LEARNDOCK_TRY(semantic.output, read_features(json, "Output"));
  }
  return semantic;
}

Result<SemanticSpecification> semantic_from_json_text(std::string_view text) {
  LEARNDOCK_TRY(const Json json, parse_json(text, {.max_bytes = kMaxSemanticBytes}));
  return semantic_from_json(json);
}

Json semantic_to_json(const SemanticSpecification& semantic) {
  Json json = Json::object();
  for (const SemanticVocabulary& allowed : semantic_vocabularies())
    json[std::string(allowed.name)] = {{"Type", allowed.type}, {"Values", semantic.of(allowed.key)}};
  json["Name"] = {{"Type", "String"}, {"Values", semantic.name}};
  json["Description"] = {{"Type", "String"}, {"Values", semantic.description}};
  json["Input"] = features_to_json(semantic.input);
  json["Output"] = features_to_json(semantic.output);
  if (!semantic.learnware_id.empty())
    json["learnware_id"] = {{"Type", "String"}, {"Values", semantic.learnware_id}};
  return json;
}

Result<void> check_complete(const SemanticSpecification& semantic) {
  for (const SemanticKey key :
       {SemanticKey::data, SemanticKey::task, SemanticKey::library, SemanticKey::license})
    if (semantic.of(key).size() != 1)
      return incomplete(vocabulary(key).name, fmt::format("{} needs exactly one value, it has {}",
                                                          vocabulary(key).name, semantic.of(key).size()));
  if (semantic.of(SemanticKey::model).size() > 1)
    return incomplete("Model", "Model has several values; a learnware is one kind of model");
  if (semantic.of(SemanticKey::scenario).empty())
    return incomplete("Scenario", "Scenario needs at least one value");
  if (semantic.name.empty()) return incomplete("Name", "the name is empty");
  if (semantic.description.empty()) return incomplete("Description", "the description is empty");
  if (data_has_input(semantic.of(SemanticKey::data)[0]) && !semantic.input)
    return incomplete("Input", "a table learnware describes its Input");
  if (!predicts_targets(semantic)) return {};
  if (!semantic.output)
    return incomplete("Output", "a classification or regression learnware describes its Output");
  if (semantic.of(SemanticKey::task)[0] == "Classification" && semantic.output->dimension < 2)
    return fail(ErrorCode::semantic_value, "a classifier's Output has at least two dimensions (its classes)",
                "/Output/Dimension");
  return {};
}

}  // namespace learndock::specification
