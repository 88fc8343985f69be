#include "learndock/spec/semantic.hpp"

#include <gtest/gtest.h>

namespace learndock::spec {
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
      R"({"Data":{"Values":[],"Type":"Class"},"Task":{"Values":"","Type":"Class"},"Name":{"Values":""},"Input":null,"Output":{},"learnware_id":{"Values":"x"}})");
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
  EXPECT_EQ(code("/Name/Values", ""), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Input", nullptr), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Output", nullptr), ErrorCode::semantic_missing);
  EXPECT_EQ(code("/Output", Json::object({{"Dimension", 1}})), ErrorCode::semantic_value);
}

}  // namespace
}  // namespace learndock::spec
