#include "learndock/base/json.hpp"
#include "learndock/query/search.hpp"

#include "support/generators.hpp"

#include <gtest/gtest.h>

namespace learndock::query {
namespace {

TEST(SearchJson, ARequestComesBackWhole) {
  SearchRequest request;
  request.specification = testing::random_specification({5, 3}, 1);
  request.semantic.name = "wine";
  request.semantic.learnware_id = "42";
  request.semantic.of(specification::SemanticKey::scenario) = {"Nature"};
  request.text = "words";
  request.top = 7;
  request.mixture = 3;
  request.mixture_method = MixtureMethod::auto_weights;
  request.scores = ScoreMode::compat;
  request.budget = std::chrono::milliseconds(250);
  request.backend = "cpu";
  request.columns = {"a", "b, c", ""};
  const auto back = request_from_json(parse_json(to_text(to_json(request))).value());
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back->specification, *request.specification);
  EXPECT_EQ(back->semantic, request.semantic);
  EXPECT_EQ(back->text, request.text);
  EXPECT_EQ(back->top, request.top);
  EXPECT_EQ(back->mixture, request.mixture);
  EXPECT_EQ(back->mixture_method, request.mixture_method);
  EXPECT_EQ(back->scores, request.scores);
  EXPECT_EQ(back->budget, request.budget);
  EXPECT_EQ(back->backend, request.backend);
  EXPECT_EQ(back->columns, request.columns);
}

TEST(SearchJson, NamesOfColumnsAreBounded) {
  const std::string long_name(kMaxColumnNameBytes + 1, 'x');
  const std::vector<std::string> many(kMaxColumnNames + 1, "x");
  EXPECT_TRUE(request_from_json(Json{{"columns", nullptr}})->columns.empty());
  for (const auto& [value, where] : {std::pair<Json, std::string>{"a", "/columns"},
                                     {Json::array({"a", 1}), "/columns/1"},
                                     {Json::array({"a", long_name}), "/columns/1"},
                                     {Json(many), "/columns"}}) {
    const auto request = request_from_json(Json{{"columns", value}});
    ASSERT_FALSE(request.has_value());
    EXPECT_EQ(request.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(request.error().where, where);
  }
  EXPECT_TRUE(are_sendable({"a", "b"}));
  EXPECT_FALSE(are_sendable({long_name}));
  EXPECT_FALSE(are_sendable(many));
}

TEST(SearchJson, MembersAreThoseOfTheMethodUnlessAskedFor) {
  SearchRequest request;
  EXPECT_EQ(members_of(request), 10U);
  EXPECT_FALSE(to_json(request).contains("mixture")) << "the server's own default";
  request.mixture_method = MixtureMethod::auto_weights;
  EXPECT_EQ(members_of(request), 5U);
  request.mixture_method.reset();
  request.scores = ScoreMode::compat;
  EXPECT_EQ(members_of(request), 5U);
  request.mixture = 0;
  EXPECT_EQ(members_of(request), 0U);
  EXPECT_EQ(members_of(request_from_json(to_json(request)).value()), 0U);
}

TEST(SearchJson, NegativeCountsAreToldTheRange) {
  for (const auto& [key, range] : {std::pair{"top", "from 1 to 1000"},
                                   {"mixture", "from 0 to 100"},
                                   {"budget_ms", "from 0 to 3600000"}}) {
    for (const Json& value : {Json(-1), Json(1.5)}) {
      const auto request = request_from_json(Json{{key, value}});
      ASSERT_FALSE(request.has_value()) << key;
      EXPECT_EQ(request.error().message,
                std::string(key) + " is " + value.dump() + ", it must be a whole number " + range);
      EXPECT_EQ(request.error().where, std::string("/") + key);
    }
  }
}

TEST(SearchJson, AnAnswerComesBackWhole) {
  SearchAnswer answer;
  answer.exact = false;
  answer.slack = 0.25;
  answer.evaluated = 12;
  answer.index_version = 345;
  answer.singles.push_back({LearnwareId::create("a").value(), "A", 0.1, 0.9});
  answer.singles.push_back({LearnwareId::create("b").value(), "B", {}, {}});
  answer.mixture = MixtureHit{0.05, 0.95, 0.01, {{LearnwareId::create("a").value(), "A", 1.0}}};
  answer.timings_ms["total"] = 1.5;
  answer.warnings = {{WarningCode::budget_singles, "something", Json{{"compared", 3}}},
                     {WarningCode::other, "else"}};
  const Json json = to_json(answer);
  const auto back = answer_from_json(parse_json(to_text(json)).value());
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(to_json(*back), json);
  EXPECT_EQ(json["warnings"], (Json{"something", "else"})) << "what programs read before there were codes";
  EXPECT_EQ(back->warnings, answer.warnings);
}

TEST(SearchJson, ReadsTheWarningsOfAnOlderServer) {
  const auto answer = answer_from_json(parse_json(R"({"singles":[],"warnings":["old",7]})").value());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->warnings, (Warnings{{WarningCode::other, "old"}}));
  const auto odd = answer_from_json(
      parse_json(R"({"singles":[],"warning_details":[7,{"code":"new one","message":"m"},{"code":1}]})")
          .value());
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->warnings, (Warnings{{WarningCode::other, "m"}}));
}

TEST(SearchJson, CountsThatAreNoneReadAsZero) {
  for (const char* odd : {"-1", "1e300", "-1e300", "1.5", "\"7\"", "null"}) {
    const auto answer = answer_from_json(
        parse_json(std::string(R"({"singles":[],"evaluated":)") + odd + R"(,"index_version":)" + odd + "}")
            .value());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->evaluated, 0u) << odd;
    EXPECT_EQ(answer->index_version, 0u) << odd;
  }
}

TEST(SearchJson, RefusesWhatIsNoRequest) {
  for (const char* bad :
       {"[]", R"({"top":-1})", R"({"top":1.5})", R"({"mixture":"5"})", R"({"scores":"best"})",
        R"({"budget_ms":3600001})", R"({"other":1})", R"({"text":1})"})
    EXPECT_EQ(request_from_json(parse_json(bad).value()).error().code, ErrorCode::invalid_argument) << bad;
}

}  // namespace
}  // namespace learndock::query
