#include "package/yaml.hpp"

#include <gtest/gtest.h>

namespace learndock::package {
namespace {

Json value_of(std::string_view text) {
  auto parsed = parse_yaml(text);
  return parsed ? *parsed : Json("error: " + describe(parsed.error()));
}
ErrorCode code_of(std::string_view text) {
  const auto parsed = parse_yaml(text);
  return parsed ? ErrorCode::internal : parsed.error().code;
}

TEST(Yaml, CoreSchemaScalars) {
  const Json want = {{"nulls", {nullptr, nullptr, nullptr}},
                     {"bools", {true, false, "yes", "off"}},
                     {"ints", {0, -7, 7, 8, 255, 18446744073709551615u}},
                     {"floats", {0.5, -1.5e3, 0.25, 1e-07}},
                     {"texts", {"1.2.3", "0x", "1e", "12", "true", "a b", "-", "."}}};
  EXPECT_EQ(value_of("nulls: [~, null, ]\n"), Json({{"nulls", {nullptr, nullptr}}}));
  EXPECT_EQ(value_of("nulls: [~, null, NULL]\n"
                     "bools: [true, False, yes, off]\n"
                     "ints: [0, -7, +7, 0o10, 0xfF, 18446744073709551615]\n"
                     "floats: [.5, -1.5e3, +0.25, 1e-07]\n"
                     "texts: [1.2.3, 0x, 1e, '12', \"true\", a b, \"-\", .]\n"),
            want);
}

TEST(Yaml, BlocksFlowsAndOrder) {
  EXPECT_EQ(value_of("b: 1\na:\n- x\n- {y: z}\n").dump(), R"({"b":1,"a":["x",{"y":"z"}]})");
  EXPECT_EQ(value_of("a: |\n  two\n  lines\n"), Json({{"a", "two\nlines\n"}}));
  EXPECT_EQ(value_of("1: one\ntrue: yes\n"), Json({{"1", "one"}, {"true", "yes"}}));
  EXPECT_EQ(value_of(""), Json(nullptr));
  EXPECT_EQ(value_of("# only a comment\n"), Json(nullptr));
  EXPECT_EQ(value_of("\xef\xbb\xbfname: with a mark\n"), Json({{"name", "with a mark"}}));
  EXPECT_EQ(value_of("name: \xe6\xa8\xa1\xe5\x9e\x8b\n"), Json({{"name", "\xe6\xa8\xa1\xe5\x9e\x8b"}}));
}

TEST(Yaml, RefusesWhatIsNotPlainData) {
  EXPECT_EQ(code_of("a: &x 1\n"), ErrorCode::package_yaml_alias);
  EXPECT_EQ(code_of("a: *x\n"), ErrorCode::package_yaml_alias);
  EXPECT_EQ(code_of("a: &x [1]\n"), ErrorCode::package_yaml_alias);
  EXPECT_EQ(code_of("&x a: 1\n"), ErrorCode::package_yaml_alias);
  EXPECT_EQ(code_of("a: !!str 1\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(code_of("!!python/object/apply:os.system [x]\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(code_of("a: !x {b: 1}\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(code_of("%TAG ! tag:example.org,2000:\n---\na: 1\n"), ErrorCode::package_yaml_tag);
  EXPECT_EQ(code_of("a: 1\na: 2\n"), ErrorCode::package_yaml_duplicate_key);
  EXPECT_EQ(code_of("{a: {b: 1, \"b\": 2}}\n"), ErrorCode::package_yaml_duplicate_key);
  EXPECT_EQ(code_of("<<: {a: 1}\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("[a]: 1\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: 1\n---\nb: 2\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: .inf\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: .nan\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: 1e400\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: 123456789012345678901\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: \xff\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a: [1\n"), ErrorCode::package_yaml);
  EXPECT_EQ(code_of("a:\n\t- tab\n"), ErrorCode::package_yaml);
}

TEST(Yaml, DepthAndSizeAreBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_yaml(nested(64)).has_value());
  EXPECT_EQ(code_of(nested(65)), ErrorCode::package_yaml);
  EXPECT_EQ(code_of(std::string(1 << 20, '[')), ErrorCode::package_yaml);
  EXPECT_TRUE(parse_yaml(std::string(1 << 20, ' ')).has_value());
  EXPECT_EQ(code_of(std::string((1 << 20) + 1, ' ')), ErrorCode::package_yaml_size);
}

TEST(Yaml, ErrorsNameTheLine) {
  EXPECT_EQ(parse_yaml("a: 1\nb:\n  c: 1\n  c: 2\n").error().where, "line 4, column 3");
}

}  // namespace
}  // namespace learndock::package
