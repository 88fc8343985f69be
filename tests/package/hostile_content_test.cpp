// Sound archives with malformed content: manifest and specifications.
#include "package/hostile_case.hpp"

#include <random>

namespace learndock::package {
namespace {

using enum ErrorCode;

/// Letters that do not pack well: nothing but the length is wrong with them.
std::string letters(std::size_t count) {
  std::mt19937 draw(7);
  std::string text(count, ' ');
  for (char& c : text) c = static_cast<char>('a' + draw() % 26);
  return text;
}

std::string manifest_with_statistical(const std::string& lines) {
  return "stat_specifications:\n- module_path: learnware.specification\n  file_name: stat_spec.json\n  "
         "kwargs: {}\n" +
         lines;
}

std::vector<HostileCase> manifest_cases() {
  const std::string yaml = "learnware.yaml";
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += '[';
  return {
      {"YamlAliasBomb", package_yaml_alias, with_file(yaml, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")},
      {"YamlPythonTag", package_yaml_tag,
       with_file(yaml, "model:\n  kwargs: !!python/object/apply:os.system [\"true\"]\n")},
      {"YamlDuplicateKey", package_yaml_duplicate_key, with_file(yaml, "name: a\nname: b\n")},
      {"YamlSyntax", package_yaml, with_file(yaml, "model: {class_name: [}\n")},
      {"YamlTooDeep", package_yaml, with_file(yaml, "kwargs: " + deep)},
      {"YamlTooLong", package_yaml_size, with_file(yaml, "# " + letters(1 << 20))},
      {"YamlTwoDocuments", package_yaml, with_file(yaml, "name: a\n---\nname: b\n")},
      {"YamlNotAMapping", package_yaml, with_file(yaml, "- name\n")},
      {"YamlModelIsText", package_yaml, with_file(yaml, "model: MyModel\n")},
      {"YamlBidiInName", package_yaml, with_file(yaml, "name: \"a\\u202egpj\"\n")},
      {"YamlSurrogateInName", package_yaml, with_file(yaml, "name: \"a\\ud800\"\n")},
      {"ClassUnknown", package_class, with_file(yaml, manifest_with_statistical("  class_name: OsSystem\n"))},
      {"WeightsOutside", zip_path_traversal, with_file(yaml, "model: {weights_file_path: ../weights}\n")},
      {"RequiredIdsAreNoList", package_yaml, with_file(yaml, "model: {required_learnware_ids: 7}\n")},
      {"RequiredIdIsNone", package_yaml, with_file(yaml, "model: {required_learnware_ids: ['a/b']}\n")},
      {"ClassFromOtherModule", package_class,
       with_file(yaml,
                 "stat_specifications:\n- module_path: stat.py\n  class_name: RKMETableSpecification\n")},
      {"ModelClassNotAName", package_class, with_file(yaml, "model: {class_name: \"M(); import os\"}\n")},
      {"ModelModuleNotAFile", package_class, with_file(yaml, "model: {module_path: os.path}\n")},
      {"ModelModuleOutside", zip_path_traversal, with_file(yaml, "model: {module_path: ../../x.py}\n")},
      {"ModelModuleMissing", package_missing_file, with_file(yaml, "model: {module_path: other.py}\n")},
      {"StatisticalOutside", zip_path_absolute,
       with_file(yaml,
                 "stat_specifications:\n- {class_name: RKMETableSpecification, file_name: /etc/passwd}\n")},
      {"StatisticalFileMissing", package_missing_file,
       with_file(yaml,
                 "stat_specifications:\n- {class_name: RKMETableSpecification, file_name: other.json}\n")},
      {"ManifestMissing", package_missing_file, without(yaml)},
      {"ManifestMisCased", package_missing_file,
       [] {
         auto files = example_files();
         files.erase("learnware.yaml");
         files["Learnware.yaml"] = kManifestText;
         return raw_zip_of(files).bytes();
       }},
      {"ModelCodeMissing", package_missing_file, without("__init__.py")},
      {"SpecificationMissing", package_missing_file, without("stat_spec.json")},
      {"OnlyIgnoredFiles", package_missing_file,
       [] {
         return raw_zip_of({{"__MACOSX/._learnware.yaml", "x"}, {".DS_Store", "x"}}).bytes();
       }},
  };
}

std::vector<HostileCase> specification_cases() {
  const std::string stat = "stat_spec.json";
  const std::string semantic = "semantic_specification.json";
  const std::string head =
      R"({"z":[[1,2],[3,4]],"beta":[0.5,0.5],"num_points":4,"type":"RKMETableSpecification")";
  return {
      {"SpecNotJson", json_syntax, with_file(stat, "z = 1")},
      {"SpecDuplicateKey", json_duplicate_key, with_file(stat, head + R"(,"gamma":0.1,"gamma":0.2})")},
      {"SpecTooDeep", json_depth, with_file(stat, std::string(20'000, '['))},
      {"SpecNan", json_not_finite, with_file(stat, head + R"(,"gamma":NaN})")},
      {"SpecTooLarge", json_not_finite, with_file(stat, head + R"(,"gamma":1e400})")},
      {"SpecNegativeGamma", spec_gamma, with_file(stat, head + R"(,"gamma":-0.1})")},
      {"SpecNoPoints", spec_missing_key, with_file(stat, R"({"beta":[1],"gamma":0.1,"num_points":1})")},
      {"SpecOtherType", package_spec_mismatch,
       with_file(stat, R"({"z":[[1,2]],"beta":[1],"gamma":0.1,"num_points":1,)"
                       R"("type":"RKMETextSpecification","language":["en"]})")},
      {"SpecUnknownType", spec_type,
       with_file(stat, R"({"z":[[1,2]],"beta":[1],"gamma":0.1,"num_points":1,"type":"Pickle"})")},
      {"SpecOtherDimension", package_spec_mismatch,
       with_file(stat,
                 R"({"z":[[1,2,3]],"beta":[1],"gamma":0.1,"num_points":1,"type":"RKMETableSpecification"})")},
      {"SpecWeightsOfOtherLength", spec_shape,
       with_file(
           stat,
           R"({"z":[[1,2],[3,4]],"beta":[1],"gamma":0.1,"num_points":1,"type":"RKMETableSpecification"})")},
      {"SpecTooLong", json_size, with_file(stat, letters((16 << 20) + 1))},
      {"SemanticNotJson", json_syntax, with_file(semantic, "Data: Table")},
      {"SemanticUnknownValue", semantic_value,
       with_file(semantic, R"({"Data":{"Values":["Smell"],"Type":"Class"}})")},
      {"SemanticWrongShape", semantic_shape, with_file(semantic, R"({"Data":{"Values":3,"Type":"Class"}})")},
  };
}

class HostileContent : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileContent, GivesItsCodeAndLeavesNothing) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Corpus, HostileContent,
                         ::testing::ValuesIn(joined(manifest_cases(), specification_cases())), case_name);

TEST(HostileContent, AMissingManifestIsNotToBeAddedBesideItself) {
  const TemporaryFolder folder;
  ASSERT_TRUE(io::write_file_atomically(folder / "in.zip", without("learnware.yaml")()));
  const auto package = read_package(folder / "in.zip", folder / "out.zip");
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().fix, "add learnware.yaml at the top of the package");
}

// The corpus proves nothing if the package it starts from is refused as well.
TEST(HostilePackageControl, TheUnchangedExampleIsRead) {
  const TemporaryFolder folder;
  ASSERT_TRUE(io::write_file_atomically(folder / "in.zip", example_zip().bytes()));
  const auto package = read_package(folder / "in.zip", folder / "out.zip");
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_EQ(files_below(folder.path()), (std::set<std::string>{"in.zip", "out.zip"}));
}

}  // namespace
}  // namespace learndock::package
