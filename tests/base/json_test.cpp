#include "learndock/base/json.hpp"

#include <gtest/gtest.h>

namespace learndock {
namespace {

ErrorCode code_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto result = parse_json(text, limits);
  EXPECT_FALSE(result.has_value()) << text;
  return result ? ErrorCode::internal : result.error().code;
}

TEST(Json, KeepsKeyOrderAndRoundTripsDoubles) {
  const std::string text = R"({"z":[0.1,1e-07,-0.0,3],"a":"\u00e9","n":null,"t":true})";
  const auto json = parse_json(text);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(to_text(*json), "{\"z\":[0.1,1e-07,-0.0,3],\"a\":\"é\",\"n\":null,\"t\":true}");
}

TEST(Json, RefusesWhatPythonWritesForNonFiniteNumbers) {
  for (const char* text : {R"({"z":[NaN]})", R"([Infinity])", R"([1,-Infinity])", "NaN"})
    EXPECT_EQ(code_of(text), ErrorCode::json_not_finite) << text;
  EXPECT_EQ(code_of("[1e400]"), ErrorCode::json_not_finite);
  EXPECT_EQ(parse_json(R"({"z":[[1,2],[NaN,3]]})").error().where, "/z/1/0");
}

TEST(Json, RefusesDuplicateKeysAtTheirPlace) {
  EXPECT_EQ(code_of(R"({"a":1,"a":2})"), ErrorCode::json_duplicate_key);
  EXPECT_EQ(parse_json(R"({"x":[{"a":1,"a":2}]})").error().where, "/x/0/a");
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2}])").has_value());
}

TEST(Json, RefusesDepthWithoutRecursion) {
  EXPECT_EQ(code_of(std::string(100'000, '[')), ErrorCode::json_depth);
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')).has_value());
  EXPECT_EQ(code_of(std::string(65, '[') + std::string(65, ']')), ErrorCode::json_depth);
}

TEST(Json, RefusesSyntaxAndSize) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":}", "\"\xff\"", "[1] x", "{'a':1}", "\"\\ud800\""})
    EXPECT_EQ(code_of(text), ErrorCode::json_syntax) << text;
  EXPECT_EQ(code_of("[1,2,3]", {.max_bytes = 3}), ErrorCode::json_size);
}

TEST(Json, ManySmallValuesAreRefusedBeforeTheyFillTheMemory) {
  std::string lists = "[[]";
  for (int i = 0; i < 1000; ++i) lists += ",[]";
  lists += "]";
  JsonLimits limits;
  limits.max_memory = 50'000;
  const auto refused = parse_json(lists, limits);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::json_size);
  limits.max_memory = 200'000;
  EXPECT_TRUE(parse_json(lists, limits).has_value());
  std::string members = "{\"k\":0";
  for (int i = 0; i < 1000; ++i) members += ",\"k" + std::to_string(i) + "\":0";
  limits.max_memory = 100'000;
  EXPECT_EQ(parse_json(members + "}", limits).error().code, ErrorCode::json_size);
}

}  // namespace
}  // namespace learndock
