#include "learndock/specification/semantic.hpp"

#include "learndock/base/json.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace learndock::specification {
namespace {

constexpr const char* kComplete = R"({
  "Data": {"Values": ["Table"], "Type": "Class"}, "Task": {"Values": ["Classification"], "Type": "Class"},
  "Library": {"Values": ["Scikit-learn"], "Type": "Class"}, "Scenario": {"Values": ["Nature", "Others"], "Type": "Tag"},
  "License": {"Values": ["MIT"], "Type": "Class"}, "Name": {"Values": "Irises", "Type": "String"},
  "Description": {"Values": "Tells irises apart", "Type": "String"},
  "Input": {"Dimension": 4, "Description": {"0": "sepal length", "3": "petal width"}},
  "Output": {"Dimension": 3, "Description": {"0": "setosa"}}})";

Json edited(const std::string& pointer, const Json& value) {
  Json json = parse_json(kComplete).value();
  json[Json::json_pointer(pointer)] = value;
  return json;
}

TEST(Semantic, ReadsWritesAndChecksACompleteOne) {
  const auto semantic = semantic_from_json_text(kComplete);
  ASSERT_TRUE(semantic.has_value()) << semantic.error().message;
  EXPECT_EQ(semantic->name, "Irises");
  EXPECT_EQ(semantic->input->description.at(3), "petal width");
  EXPECT_TRUE(check_complete(*semantic).has_value());
  EXPECT_EQ(semantic_from_json(semantic_to_json(*semantic)).value(), *semantic);
}

TEST(Semantic, EmptyFieldsAreWildcards) {
  EXPECT_EQ(semantic_from_json(Json::object()).value(), SemanticSpecification{});
  const auto blank = semantic_from_json_text(
      R"({"Data":{"Values":[],"Type":"Class"},"Task":{"Values":"","Type":"Class"},"Name":{"Values":""},"Input":null,"Output":{},"learnware_id":{"Values":""},"other":{"Values":"x"}})");
  ASSERT_TRUE(blank.has_value()) << blank.error().message;
  EXPECT_EQ(*blank, SemanticSpecification{});
}

TEST(Semantic, InputMayBeJsonText) {
  const auto semantic = semantic_from_json(edited("/Input", R"({"Dimension":"4","Description":{}})"));
  ASSERT_TRUE(semantic.has_value());
  EXPECT_EQ(semantic->input->dimension, 4u);
}

TEST(Semantic, RefusesBadShapesAndValues) {
  const auto code = [](const std::string& pointer, const Json& value) {
    const auto result = semantic_from_json(edited(pointer, value));
    return result ? ErrorCode::internal : result.error().code;
  };
  EXPECT_EQ(code("/Data", "Table"), ErrorCode::semantic_shape);
  EXPECT_EQ(code("/Data/Values", Json::array({"Tables"})), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Data/Values", Json::array({1})), ErrorCode::semantic_shape);
  EXPECT_EQ(code("/Name/Values", 3), ErrorCode::semantic_shape);
  EXPECT_EQ(code("/Name/Values", "a\u202Eb"), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Name/Values", "a\nb"), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Input/Dimension", -1), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Input/Dimension", "four"), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Input/Description/4", "beyond"), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Input/Description/x", "no index"), ErrorCode::semantic_value);
  EXPECT_EQ(code("/Input", "{"), ErrorCode::json_syntax);
}

TEST(Semantic, EveryValueHasItsOwnBit) {
  SemanticBits all = 0;
  std::size_t count = 0;
  for (const SemanticVocabulary& vocabulary : semantic_vocabularies())
    for (const std::string_view value : vocabulary.values) {
      SemanticTexts texts;
      texts[static_cast<std::size_t>(vocabulary.key)] = {std::string(value)};
      const SemanticBits bit = semantic_bits(texts);
      EXPECT_EQ(bit, SemanticBits{1} << count++) << value;
      EXPECT_EQ(semantic_texts(bit), texts) << value;
      all |= bit;
    }
  EXPECT_LE(count, 64U) << "SemanticBits has no room for all values";
  EXPECT_EQ(semantic_bits(semantic_texts(all)), all);
  EXPECT_EQ(semantic_bits(SemanticKey::library, {"MIT", "Others", "others"}),
            semantic_bits(SemanticKey::library, {"Others"}));
  EXPECT_NE(semantic_bits(SemanticKey::library, {"Others"}), semantic_bits(SemanticKey::task, {"Others"}));
}

TEST(Semantic, CompletenessRules) {
  const auto code = [](const std::string& pointer, const Json& value) {
    const auto semantic = semantic_from_json(edited(pointer, value));
    if (!semantic) return ADD_FAILURE() << pointer << ": " << semantic.error().message, ErrorCode::internal;
    const auto result = check_complete(*semantic);
    return result ? ErrorCode::internal : result.error().code;
  };
  EXPECT_EQ(code("/Data/Values", Json::array({"Table", "Text"})), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/License/Values", Json::array()), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Scenario/Values", Json::array()), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Model/Values", Json::array({"Others", "Base Model"})), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Name/Values", ""), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Input", nullptr), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Output", nullptr), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Output", Json::object({{"Dimension", 1}})), ErrorCode::semantic_value);
}

/// The current release's keys and values; a language model has no Output.
TEST(Semantic, LanguageModelsAreDescribed) {
  Json json = edited("/Model", {{"Values", {"PEFT Model"}}, {"Type", "Optional"}});
  json["Data"]["Values"] = {"Text"};
  json["Task"]["Values"] = {"Text Generation"};
  json.erase("Input");
  json.erase("Output");
  const auto semantic = semantic_from_json(json);
  ASSERT_TRUE(semantic.has_value()) << semantic.error().message;
  EXPECT_EQ(semantic->of(SemanticKey::model), std::vector<std::string>{"PEFT Model"});
  EXPECT_TRUE(check_complete(*semantic).has_value());
  EXPECT_EQ(semantic_to_json(*semantic)["Model"], Json({{"Type", "Optional"}, {"Values", {"PEFT Model"}}}));
  EXPECT_EQ(semantic_from_json(semantic_to_json(*semantic)).value(), *semantic);
}

TEST(Semantic, WithoutModelALearnwareIsOneOfTheOthers) {
  SemanticSpecification semantic;
  add_defaults(semantic);
  EXPECT_EQ(semantic.of(SemanticKey::model), std::vector<std::string>{"Others"});
  semantic.of(SemanticKey::model) = {"Base Model"};
  add_defaults(semantic);
  EXPECT_EQ(semantic.of(SemanticKey::model), std::vector<std::string>{"Base Model"});
}

TEST(Semantic, TasksOfEachKindOfDataAreOfTheVocabulary) {
  const auto& known = semantic_vocabularies()[static_cast<std::size_t>(SemanticKey::task)].values;
  std::size_t count = 0;
  for (const std::string_view data :
       semantic_vocabularies()[static_cast<std::size_t>(SemanticKey::data)].values)
    for (const std::string_view task : tasks_of_data(data)) {
      EXPECT_NE(std::find(known.begin(), known.end(), task), known.end()) << task;
      ++count;
    }
  EXPECT_EQ(count, 4u + 6u + 5u);
  EXPECT_TRUE(tasks_of_data("Sound").empty());
}

TEST(Semantic, AWideTableWithEveryColumnDescribedIsLegal) {
  Json semantic = {{"Data", {{"Values", {"Table"}}}}};
  Json& input = append_child(semantic, "Input", {{"Dimension", 100'000}});
  Json& description = append_child(input, "Description", Json::object());
  for (int i = 0; i < 100'000; ++i)
    append_child(description, std::to_string(i), "column number " + std::to_string(i));
  const auto read = semantic_from_json_text(to_text(semantic));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(read->input->description.size(), 100'000u);
  EXPECT_EQ(semantic_from_json_text(to_text(semantic_to_json(*read))).value(), *read);
}

TEST(Semantic, LimitsOfFeatureDescriptions) {
  const auto with = [](std::size_t count, std::size_t bytes) {
    Json description = Json::object();
    for (std::size_t i = 0; i < count; ++i)
      append_child(description, std::to_string(i), std::string(bytes, 'x'));
    Json semantic = Json::object();
    semantic["Input"] = {{"Dimension", 1 << 20}, {"Description", std::move(description)}};
    return semantic_from_json(semantic);
  };
  EXPECT_TRUE(with(1, kMaxFeatureDescriptionBytes).has_value());
  EXPECT_EQ(with(1, kMaxFeatureDescriptionBytes + 1).error().code, ErrorCode::semantic_value);
  EXPECT_EQ(with(1025, 4096).error().code, ErrorCode::semantic_value) << "4 MiB in all";
  EXPECT_EQ(with(kMaxFeatureDescriptions + 1, 1).error().code, ErrorCode::semantic_value);
}

TEST(Semantic, InputBelongsToTablesAndOutputToPredictedTargets) {
  const auto read = [](const char* data, const char* task) {
    return semantic_from_json_text(std::string(R"({"Data":{"Values":[")") + data +
                                   R"("]},"Task":{"Values":[")" + task +
                                   R"("]},"Input":{"Dimension":3},"Output":{"Dimension":2}})")
        .value();
  };
  EXPECT_TRUE(read("Table", "Classification").input && read("Table", "Classification").output);
  EXPECT_FALSE(read("Image", "Regression").input);
  EXPECT_TRUE(read("Image", "Regression").output);
  EXPECT_FALSE(read("Table", "Segmentation").output);
  // What is left out is not read either.
  EXPECT_TRUE(semantic_from_json_text(R"({"Data":{"Values":["Text"]},"Input":"none"})").has_value());
}

TEST(Semantic, ARequirementMayAskForPartOfAnId) {
  const auto read = semantic_from_json_text(R"({"learnware_id":{"Values":"0042"}})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->learnware_id, "0042");
  EXPECT_EQ(semantic_from_json(semantic_to_json(*read)).value(), *read);
}

}  // namespace
}  // namespace learndock::specification
