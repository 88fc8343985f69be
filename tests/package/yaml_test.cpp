#include "package/yaml.hpp"

#include "learndock/base/json.hpp"

#include "package/yaml_events.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

namespace learndock::package {
namespace {

Json value_of(std::string_view text) {
  auto parsed = parse_yaml(text);
  return parsed ? *parsed : Json("error: " + describe(parsed.error()));
}
ErrorCode yaml_code_of(std::string_view text) {
  const auto parsed = parse_yaml(text);
  return parsed ? ErrorCode::internal : parsed.error().code;
}

/// What Python's YAML library (6.0) makes of each word.
TEST(Yaml, PlainScalarsMeanWhatPythonsLibraryMakesOfThem) {
  const std::pair<const char*, const char*> table[] = {
      {"~", R"(null)"},
      {"null", R"(null)"},
      {"NULL", R"(null)"},
      {"true", R"(true)"},
      {"False", R"(false)"},
      {"yes", R"(true)"},
      {"No", R"(false)"},
      {"ON", R"(true)"},
      {"off", R"(false)"},
      {"On", R"(true)"},
      {"y", R"("y")"},
      {"n", R"("n")"},
      {"Yes", R"(true)"},
      {"0", R"(0)"},
      {"-7", R"(-7)"},
      {"+7", R"(7)"},
      {"010", R"(8)"},
      {"-010", R"(-8)"},
      {"00", R"(0)"},
      {"08", R"("08")"},
      {"0o10", R"("0o10")"},
      {"0xfF", R"(255)"},
      {"0x_f", R"(15)"},
      {"0b101", R"(5)"},
      {"-0b11", R"(-3)"},
      {"1_000", R"(1000)"},
      {"18446744073709551615", R"(18446744073709551615)"},
      {"-9223372036854775808", R"(-9223372036854775808)"},
      {"1e-3", R"("1e-3")"},
      {"1.5e3", R"("1.5e3")"},
      {"1.5e+3", R"(1500.0)"},
      {"-1.5e-3", R"(-0.0015)"},
      {".5", R"(0.5)"},
      {"-.5", R"("-.5")"},
      {"+.5", R"("+.5")"},
      {"1.", R"(1.0)"},
      {"1_0.5", R"(10.5)"},
      {"0.25", R"(0.25)"},
      {"+0.25", R"(0.25)"},
      {"1e5", R"("1e5")"},
      {".5e+2", R"(50.0)"},
      {"1.e+2", R"(100.0)"},
      {".e+1", R"(".e+1")"},
      {"190:20:30", R"(685230)"},
      {"-1:30", R"(-90)"},
      {"1:30.5", R"(90.5)"},
      {"1:99", R"("1:99")"},
      {"0:30", R"("0:30")"},
      {"12:5:3.25", R"(43503.25)"},
      {"a:b", R"("a:b")"},
      {"1.2.3", R"("1.2.3")"},
      {"0x", R"("0x")"},
      {"0b2", R"("0b2")"},
      {"1e", R"("1e")"},
      {"+", R"("+")"},
      {".", R"(".")"},
      {"--", R"("--")"},
      {"None", R"("None")"},
      {"TRUE", R"(true)"},
      {"tRue", R"("tRue")"},
      {"nUll", R"("nUll")"},
      {"+", R"("+")"},
      {"1,000", R"("1,000")"},
      {"1+1", R"("1+1")"},
  };
  for (const auto& [word, meaning] : table)
    EXPECT_EQ(value_of(std::string("v: ") + word), Json({{"v", parse_json(meaning).value()}})) << word;
}

TEST(Yaml, QuotedScalarsAreText) {
  EXPECT_EQ(value_of("[\"yes\", '010', '~', \"1.5\"]"), Json({"yes", "010", "~", "1.5"}));
  EXPECT_EQ(value_of("nulls: [~, null, ]\n"), Json({{"nulls", {nullptr, nullptr}}}));
  EXPECT_EQ(value_of("v: 2001-12-14"), Json({{"v", "2001-12-14"}}));
}

TEST(Yaml, BlocksFlowsAndOrder) {
  EXPECT_EQ(value_of("b: 1\na:\n- x\n- {y: z}\n").dump(), R"({"b":1,"a":["x",{"y":"z"}]})");
  EXPECT_EQ(value_of("a: |\n  two\n  lines\n"), Json({{"a", "two\nlines\n"}}));
  EXPECT_EQ(value_of("1: one\ntrue: yes\n"), Json({{"1", "one"}, {"true", true}}));
  EXPECT_EQ(value_of(""), Json(nullptr));
  EXPECT_EQ(value_of("# only a comment\n"), Json(nullptr));
  EXPECT_EQ(value_of("\xef\xbb\xbfname: with a mark\n"), Json({{"name", "with a mark"}}));
  EXPECT_EQ(value_of("\xef\xbb\xbf# of Windows\r\n---\r\nname: x\r\n"), Json({{"name", "x"}}));
  EXPECT_EQ(value_of(std::string("\xff\xfe"
                                 "a\0:\0 \0\xe9\0\x3d\xd8\x1f\xdc",
                                 14)),
            Json({{"a", "é🐟"}}));
  EXPECT_EQ(value_of(std::string("\xfe\xff\0a\0:\0 \0b", 10)), Json({{"a", "b"}}));
  EXPECT_EQ(value_of("name: \xe6\xa8\xa1\xe5\x9e\x8b\n"), Json({{"name", "\xe6\xa8\xa1\xe5\x9e\x8b"}}));
}

TEST(Yaml, RefusesWhatIsNotPlainData) {
  EXPECT_EQ(yaml_code_of("a: *x\n"), ErrorCode::package_yaml_alias) << "no such anchor";
  EXPECT_EQ(yaml_code_of("a: &x {b: 1}\n"), ErrorCode::package_yaml_alias) << "a mapping";
  EXPECT_EQ(yaml_code_of("&x a: 1\nb: &x 2\n"), ErrorCode::package_yaml_alias) << "one name twice";
  EXPECT_EQ(yaml_code_of("a: !!str 1\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(yaml_code_of("!!python/object/apply:os.system [x]\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(yaml_code_of("a: !x {b: 1}\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(yaml_code_of("%TAG ! tag:example.org,2000:\n---\na: 1\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(yaml_code_of("a: 1\na: 2\n"), ErrorCode::package_yaml_duplicate_key);
  EXPECT_EQ(yaml_code_of("{a: {b: 1, \"b\": 2}}\n"), ErrorCode::package_yaml_duplicate_key);
  EXPECT_EQ(yaml_code_of("<<: {a: 1}\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("[a]: 1\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("a: 1\n---\nb: 2\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("a: 1.0e+400\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("a: 123456789012345678901\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("a: \xff\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("a: [1\n"), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of("a:\n\t- tab\n"), ErrorCode::package_yaml);
}

/// The reference's own helper writes shapes in this way.
TEST(Yaml, TuplesAreSequencesAndPlainAliasesAreTheirValue) {
  EXPECT_EQ(value_of("kwargs:\n  input_shape: &id001 !!python/tuple\n  - 4\n  output_shape: *id001\n"),
            Json({{"kwargs", {{"input_shape", {4}}, {"output_shape", {4}}}}}));
  EXPECT_EQ(value_of("a: !!python/tuple [1, !!python/tuple [yes]]\n"),
            Json({{"a", Json::array({1, Json::array({true})})}}));
  EXPECT_EQ(value_of("a: !<tag:yaml.org,2002:python/tuple> []\n"), Json({{"a", Json::array()}}));
  EXPECT_EQ(value_of("a: &x 1\nb: [*x, *x]\n"), Json({{"a", 1}, {"b", {1, 1}}}));
  EXPECT_EQ(value_of("a: &x '1'\nb: *x\n"), Json({{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(value_of("[&x ~, *x]\n"), Json({nullptr, nullptr}));
  EXPECT_EQ(value_of("a: &x [1, b]\nc: *x\nd: [*x]\n"),
            Json({{"a", {1, "b"}}, {"c", {1, "b"}}, {"d", Json::array({{1, "b"}})}}));
}

TEST(Yaml, EveryOtherTagAndAnchorStaysRefused) {
  for (const char* const text :
       {"a: !!python/tuple 1\n", "a: !!python/tuple {b: 1}\n", "a: !!python/list [1]\n", "a: !!seq [1]\n",
        "a: !!python/tuple [!!python/name:os.system x]\n", "a: !python/tuple [1]\n"})
    EXPECT_EQ(yaml_code_of(text), ErrorCode::package_yaml_tag) << text;
  for (const char* const text :
       {"a: &x [[1]]\nb: *x\n", "a: &x [{b: 1}]\n", "a: &x [*x]\n", "a: &x 1\nb: &y [*x]\n", "a: &x [&y 1]\n",
        "a: &x 1\nb: &x 2\n", "b: *x\na: &x 1\n"})
    EXPECT_EQ(yaml_code_of(text), ErrorCode::package_yaml_alias) << text;
  EXPECT_EQ(yaml_code_of("a: &x [1]\n*x : 2\n"), ErrorCode::package_yaml) << "a sequence as a key";
  EXPECT_EQ(yaml_code_of("a: &x '<<'\n<<: *x\n"), ErrorCode::package_yaml) << "merge";
}

/// Aliases may make a text longer, but only by a little.
TEST(Yaml, WhatAliasesCanAddIsBounded) {
  const auto sequence = [](std::size_t items) {
    std::string text = "a: &x [";
    for (std::size_t i = 0; i < items; ++i) text += "1, ";
    return text + "]\nb: *x\n";
  };
  EXPECT_EQ(value_of(sequence(kMostAliased))["b"].size(), kMostAliased);
  EXPECT_EQ(yaml_code_of(sequence(kMostAliased + 1)), ErrorCode::package_yaml_alias);
  const auto word = [](std::size_t bytes) { return "a: &x " + std::string(bytes, 'w') + "\nb: *x\n"; };
  EXPECT_EQ(value_of(word(kMostAliasedBytes))["b"], std::string(kMostAliasedBytes, 'w'));
  EXPECT_EQ(yaml_code_of(word(kMostAliasedBytes + 1)), ErrorCode::package_yaml_alias);
  const auto aliases = [](std::size_t count) {
    std::string text = "a: &x 1\nb: [";
    for (std::size_t i = 0; i < count; ++i) text += "*x, ";
    return text + "]\n";
  };
  EXPECT_EQ(value_of(aliases(kMostAliases))["b"].size(), kMostAliases);
  EXPECT_EQ(yaml_code_of(aliases(kMostAliases + 1)), ErrorCode::package_yaml_alias);
  std::string anchors;
  for (std::size_t i = 0; i <= kMostAnchors; ++i)
    anchors += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " 1\n";
  EXPECT_EQ(yaml_code_of(anchors), ErrorCode::package_yaml_alias);
}

TEST(Yaml, InfiniteNumbersAreNumbers) {
  EXPECT_EQ(value_of("[.inf, -.Inf, +.INF]"), Json({HUGE_VAL, -HUGE_VAL, HUGE_VAL}));
  EXPECT_TRUE(std::isnan(value_of("v: .nan")["v"].get<double>()));
  EXPECT_EQ(value_of("['.inf', -.nan]"), Json({".inf", "-.nan"}));
}

TEST(Yaml, AnotherEncodingIsNamedWithItsCure) {
  const auto legacy = parse_yaml("a: b\nname: \xc4\xa3\xd0\xcd\n");
  ASSERT_FALSE(legacy.has_value());
  EXPECT_EQ(legacy.error().where, "line 2");
  EXPECT_NE(legacy.error().fix.find("UTF-8"), std::string::npos);
  for (const std::string& damaged :
       {std::string("\xff\xfe\x61", 3), std::string("\xff\xfe\0\xdc", 4),
        std::string("\xff\xfe\0\xd8\x61\0", 6), std::string("\xfe\xff\xd8\0", 4)})
    EXPECT_EQ(yaml_code_of(damaged), ErrorCode::package_yaml);
}

TEST(Yaml, DepthAndSizeAreBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_yaml(nested(64)).has_value());
  EXPECT_EQ(yaml_code_of(nested(65)), ErrorCode::package_yaml);
  EXPECT_EQ(yaml_code_of(std::string(1 << 20, '[')), ErrorCode::package_yaml);
  EXPECT_TRUE(parse_yaml(std::string(1 << 20, ' ')).has_value());
  EXPECT_EQ(yaml_code_of(std::string((1 << 20) + 1, ' ')), ErrorCode::package_yaml_size);
}

TEST(Yaml, ErrorsNameTheLine) {
  EXPECT_EQ(parse_yaml("a: 1\nb:\n  c: 1\n  c: 2\n").error().where, "line 4, column 3");
}

}  // namespace
}  // namespace learndock::package
