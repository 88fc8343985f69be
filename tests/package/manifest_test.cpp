#include "package/manifest.hpp"

#include <gtest/gtest.h>

namespace learndock::package {
namespace {

Error error_of(std::string_view yaml) {
  auto manifest = read_manifest(yaml, {});
  return manifest ? Error{ErrorCode::internal, "was read"} : manifest.error();
}

TEST(Manifest, EveryWhitelistedClass) {
  const std::pair<const char*, const char*> classes[] = {
      {"RKMETableSpecification", "RKMETableSpecification"},
      {"RKMEStatSpecification", "RKMETableSpecification"},
      {"RKMETextSpecification", "RKMETextSpecification"},
      {"RKMEImageSpecification", "RKMEImageSpecification"},
      {"HeteroMapTableSpecification", "HeteroMapTableSpecification"}};
  for (const auto& [name, type] : classes) {
    const std::string yaml =
        std::string("stat_specifications:\n- class_name: ") + name + "\n  file_name: a/b.json\n";
    const auto manifest = read_manifest(yaml, {});
    ASSERT_TRUE(manifest.has_value()) << describe(manifest.error());
    ASSERT_EQ(manifest->statistical.size(), 1u);
    EXPECT_EQ(manifest->statistical[0].kind->name(), type);
    EXPECT_EQ(manifest->statistical[0].file_name, "a/b.json");
  }
}

TEST(Manifest, ServerWrittenKeysAreTolerated) {
  const auto manifest = read_manifest(
      "id: '00000042'\nname: 2024\nmodel:\n  module_path: ./net/model.py\n"
      "semantic_specification:\n  file_name: semantic_specification.json\nunknown: [1, 2]\n",
      {});
  ASSERT_TRUE(manifest.has_value()) << describe(manifest.error());
  EXPECT_EQ(manifest->name, "2024");
  EXPECT_EQ(manifest->model.module_path, "net/model.py");
  EXPECT_TRUE(manifest->warnings.empty());
}

TEST(Manifest, AnEmptyListMeansNoStatisticalSpecification) {
  EXPECT_TRUE(read_manifest("stat_specifications: []\n", {}).value().statistical.empty());
}

TEST(Manifest, AnotherSemanticFileIsNoted) {
  EXPECT_EQ(read_manifest("semantic_specification: {file_name: sem.json}\n", {}).value().warnings.size(), 1u);
}

TEST(Manifest, ATorchScriptModelIsAFile) {
  const auto manifest = read_manifest("model: {runtime: torchscript, file: ./net/model.pt}\n", {});
  ASSERT_TRUE(manifest) << describe(manifest.error());
  EXPECT_EQ(manifest->model.runtime, ModelRuntime::torchscript);
  EXPECT_EQ(manifest->model.file, "net/model.pt");
  EXPECT_EQ(read_manifest("model: {runtime: torchscript}\n", {}).value().model.file, "model.pt");
  EXPECT_EQ(read_manifest("model: {runtime: torchscript, class_name: A}\n", {}).value().warnings.size(), 1u);
  EXPECT_EQ(read_manifest("model: {runtime: python}\n", {}).value().model.runtime, ModelRuntime::python);
}

TEST(Manifest, ErrorsPointToTheKey) {
  EXPECT_EQ(error_of("model: {runtime: java}\n").where, "/model/runtime");
  EXPECT_EQ(error_of("model: {runtime: torchscript, file: ../a.pt}\n").where, "/model/file");
  EXPECT_EQ(error_of("model: {class_name: a b}\n").where, "/model/class_name");
  EXPECT_EQ(error_of("model: {class_name: 3}\n").where, "/model/class_name");
  EXPECT_EQ(error_of("model: {kwargs: [1]}\n").where, "/model/kwargs");
  EXPECT_EQ(error_of("model: {module_path: 'a\\b.py'}\n").where, "/model/module_path");
  EXPECT_EQ(error_of("stat_specifications: {}\n").where, "/stat_specifications");
  EXPECT_EQ(error_of("stat_specifications: [x]\n").where, "/stat_specifications/0");
  EXPECT_EQ(error_of("stat_specifications: [{}, {class_name: X}]\n").where,
            "/stat_specifications/1/class_name");
  EXPECT_EQ(error_of("stat_specifications: [{file_name: a/}]\n").where, "/stat_specifications/0/file_name");
  EXPECT_EQ(error_of("stat_specifications: [{kwargs: 3}]\n").where, "/stat_specifications/0/kwargs");
}

}  // namespace
}  // namespace learndock::package
