#include "package/manifest_text.hpp"

#include "learndock/base/json.hpp"

#include "package/yaml.hpp"
#include "support/example_package.hpp"

#include <gtest/gtest.h>

#include <string>

namespace learndock::package {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;

std::string dock_text(std::string_view yaml, std::string_view id = "00000021") {
  auto text = manifest_for_dock(yaml, id, kMost);
  return text ? *text : "error: " + describe(text.error());
}
Json value_of(std::string_view yaml) {
  auto parsed = parse_yaml(yaml);
  return parsed ? *parsed : Json("error: " + describe(parsed.error()));
}

TEST(ManifestText, HasWhatTheReferenceLoads) {
  EXPECT_EQ(
      dock_text("# of the helper\n"
                "model:\n  class_name: Net\n  kwargs:\n    input_shape: &id001 !!python/tuple [4, 2]\n"
                "    limit: .inf\n    output_shape: *id001\n"
                "stat_specifications:\n- class_name: RKMEStatSpecification\n  file_name: 'stat.json'\n"),
      "model:\n"
      "  class_name: Net\n"
      "  kwargs:\n"
      "    input_shape: [4, 2]\n"
      "    limit: .inf\n"
      "    output_shape: [4, 2]\n"
      "stat_specifications:\n"
      "  -\n"
      "    class_name: RKMEStatSpecification\n"
      "    file_name: stat.json\n"
      "    module_path: learnware.specification\n"
      "    kwargs: {}\n"
      "semantic_specification:\n"
      "  file_name: semantic_specification.json\n"
      "id: \"00000021\"\n");
}

TEST(ManifestText, TheIdAndTheSemanticFileOfAnUploaderAreReplaced) {
  const Json got =
      value_of(dock_text("id: '00000007'\nsemantic_specification: {file_name: s.json}\nname: x\n"));
  EXPECT_EQ(got["id"], "00000021");
  EXPECT_EQ(got["semantic_specification"], Json({{"file_name", "semantic_specification.json"}}));
  EXPECT_EQ(id_in_manifest("id: '00000007'\n").value(), "00000007");
  EXPECT_EQ(id_in_manifest("name: x\n").value(), "");
  EXPECT_EQ(id_in_manifest("id: [1]\n").value(), "");
  EXPECT_FALSE(value_of(dock_text("id: 1\n", "")).contains("id"));
}

TEST(ManifestText, EmptyManifestsGetTheDefaults) {
  for (const char* const yaml :
       {"", "{}", "# nothing\n", "stat_specifications:\n", "stat_specifications: [{}]"})
    EXPECT_EQ(value_of(dock_text(yaml))["stat_specifications"],
              Json::array({{{"module_path", "learnware.specification"},
                            {"class_name", "RKMETableSpecification"},
                            {"file_name", "stat_spec.json"},
                            {"kwargs", Json::object()}}}))
        << yaml;
  EXPECT_EQ(value_of(dock_text("stat_specifications: []\n"))["stat_specifications"], Json::array());
}

/// Each value stands below kwargs, in lines and nested on one line.
TEST(ManifestText, ValuesMeanTheSameAndTheTextIsAFixedPoint) {
  for (const std::string value : {"word",
                                  "'yes'",
                                  "yes",
                                  "~",
                                  "''",
                                  "010",
                                  "'010'",
                                  "0x1F",
                                  "1_000",
                                  "-7",
                                  "+.5",
                                  ".5",
                                  "1.",
                                  "1.5e+3",
                                  "1e-3",
                                  "190:20:30",
                                  "-1:30.5",
                                  "2001-12-14",
                                  "'2001-12-14'",
                                  "2001-12-14 21:59:43.10 -5",
                                  "'a: b'",
                                  "a b",
                                  "'#x'",
                                  "'- x'",
                                  "\"tab\\tnew\\nline \\x07 \\u2028 \\x85 \\ufeff\"",
                                  "'quote \" and \\'",
                                  "é🐟",
                                  "'<<'",
                                  "'='",
                                  "a#b",
                                  "[]",
                                  "{}",
                                  "[1, [2, {a: b}], {}]",
                                  "{a: {b: {c: [d, 'e, f']}}}",
                                  "[a, b]",
                                  "{'a b': 1, \"x\\ny\": 2}",
                                  "-.inf",
                                  "null",
                                  "NULL",
                                  "Off",
                                  "true",
                                  "'true'",
                                  "1,000",
                                  "'*x'",
                                  "'&x'",
                                  "'!x'",
                                  "'%x'",
                                  "'@x'",
                                  "'`x'"}) {
    const std::string yaml = "model: {kwargs: {v: " + value + ", deep: {deeper: [[" + value + "]]}}}\n";
    const std::string text = dock_text(yaml);
    EXPECT_EQ(value_of(text)["model"], value_of(yaml)["model"]) << text;
    EXPECT_EQ(dock_text(text), text);
  }
}

/// This program reads dates as text, Python as dates.
TEST(ManifestText, DatesKeepTheirQuotesOrTheirLack) {
  EXPECT_NE(dock_text("model: {kwargs: {day: 2001-12-14}}\n").find("day: 2001-12-14\n"), std::string::npos);
  EXPECT_NE(dock_text("model: {kwargs: {day: '2001-12-14'}}\n").find("day: \"2001-12-14\"\n"),
            std::string::npos);
  EXPECT_NE(dock_text("model: {kwargs: {n: 0x1F}}\n").find("n: 0x1F\n"), std::string::npos);
}

TEST(ManifestText, LongKeysAndNestingStayReadable) {
  const std::string key(2000, 'k');
  const std::string yaml = "model:\n  kwargs:\n    ? " + key + "\n    : 1\n    deep: {? " + key + " : [2]}\n";
  EXPECT_EQ(value_of(dock_text(yaml))["model"], value_of(yaml)["model"]);
  const std::string nested = "model: {kwargs: {a: " + std::string(60, '[') + std::string(60, ']') + "}}\n";
  EXPECT_EQ(value_of(dock_text(nested))["model"], value_of(nested)["model"]);
}

TEST(ManifestText, ItIsNotMuchLongerThanWhatWasRead) {
  for (const char* const item : {"{a,b}, ", "'', ", "[[[]]], ", "{a: {b: {c: d}}}, "}) {
    std::string yaml = "model: {kwargs: {v: [";
    for (int i = 0; i < 10'000; ++i) yaml += item;
    yaml += "]}}\n";
    EXPECT_LE(dock_text(yaml).size(), 4 * yaml.size()) << item;
  }
  EXPECT_EQ(manifest_for_dock("name: x\n", "1", 20).error().code, ErrorCode::package_yaml_size);
}

TEST(ManifestText, Utf16BecomesUtf8) {
  EXPECT_EQ(value_of(dock_text(std::string("\xff\xfen\0a\0m\0e\0:\0 \0\xe9\0", 16)))["name"], "é");
}

TEST(ManifestText, TheExampleStaysTheExample) {
  Json want = value_of(testing::kManifestText);
  want["semantic_specification"] = {{"file_name", "semantic_specification.json"}};
  want["id"] = "00000021";
  EXPECT_EQ(value_of(dock_text(testing::kManifestText)), want);
}

}  // namespace
}  // namespace learndock::package
