#include "learndock/dock/dock.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "support/generators.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;
using testing::random_specification;

class DockTest : public ::testing::Test {
 protected:
  DockTest() {
    fs::create_directories(folder_);
    EXPECT_TRUE(Dock::create(folder_ / "dock").has_value());
  }
  ~DockTest() override { fs::remove_all(folder_); }
  std::unique_ptr<Dock> open() {
    auto opened = Dock::open(folder_ / "dock");
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
    return std::move(*opened);
  }
  fs::path write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  fs::path package(const std::string& name, std::uint64_t seed) {
    write(name + "/learnware.yaml",
          "model:\n  class_name: MyModel\nstat_specifications:\n  - module_path: learnware.specification\n   "
          " class_name: RKMETableSpecification\n    file_name: stat.json\n    kwargs: {}\n");
    write(name + "/__init__.py", "# model " + std::to_string(seed) + "\n");
    write(name + "/requirements.txt", "numpy\n");
    write(name + "/stat.json", specification::to_json_text(random_specification({5, 3}, seed)));
    return folder_ / name;
  }
  static std::string line(const std::string& id, std::uint64_t seed) {
    return to_text({{"id", id},
                    {"semantic", Json::object()},
                    {"stat", specification::to_json(random_specification({5, 3}, seed))}}) +
           "\n";
  }
  fs::path folder_ = fs::temp_directory_path() / ("learndock_dock_test_" + std::to_string(::getpid()));
};

TEST_F(DockTest, ImportsOfKernelBlindLearnwaresWarnOnceAndNameTheFirst) {
  const auto opened = open();
  const auto record = [](const std::string& id, Matrix<double> points, double gamma) {
    const std::size_t count = points.rows();
    const std::vector<double> weights(count, 1.0 / static_cast<double>(count));
    const auto made = specification::make_table_specification(std::move(points), weights, gamma, 10).value();
    return to_text({{"id", id}, {"semantic", Json::object()}, {"stat", specification::to_json(made)}}) + "\n";
  };
  const Matrix<double> apart(3, 1, {0, 5, 9}), single(1, 1, {7});
  ASSERT_EQ(
      opened->import_specifications(write("first.jsonl", record("taken", apart, 0.01)))->imported.size(), 1U);
  std::string lines = record("taken", apart, 4);
  for (int i = 0; i < 4; ++i) {
    lines += record("sees" + std::to_string(i), apart, 0.01);
    lines += record("one" + std::to_string(i), single, 500);
    lines += record("blind" + std::to_string(i), apart, 4);
  }
  auto outcome = opened->import_specifications(write("lines.jsonl", lines));
  EXPECT_EQ(outcome->imported.size(), 12U);
  ASSERT_EQ(outcome->warnings.size(), 1U);
  EXPECT_THAT(outcome->warnings[0], ::testing::HasSubstr("lines.jsonl:4: kernel blind: 4 of 12 imported"));
  EXPECT_THAT(outcome->warnings[0], ::testing::HasSubstr("with gamma 4"));
  EXPECT_THAT(outcome->warnings[0], ::testing::HasSubstr("--gamma auto"));
  // More points than are looked at.
  Matrix<double> many(1000, 1);
  for (std::size_t i = 0; i < 1000; ++i) many(i, 0) = static_cast<double>(i);
  outcome = opened->import_specifications(write("many.jsonl", record("many", many, 100)));
  EXPECT_EQ(outcome->warnings.size(), 1U);
  outcome = opened->import_specifications(write("seen.jsonl", record("seen", many, 1e-6)));
  EXPECT_TRUE(outcome->warnings.empty());
}

TEST_F(DockTest, NamesAreKeptInComposedLetters) {
  const auto opened = open();
  const fs::path by_folder = package("packages/mode\u0300le", 1);
  const fs::path by_semantics = package("packages/other", 2);
  specification::SemanticSpecification semantic;
  semantic.name = "pre\u0301vision";
  semantic.of(specification::SemanticKey::data) = {"Text"};
  semantic.of(specification::SemanticKey::task) = {"Others"};
  semantic.of(specification::SemanticKey::library) = {"Others"};
  semantic.of(specification::SemanticKey::license) = {"MIT"};
  semantic.of(specification::SemanticKey::scenario) = {"Others"};
  semantic.description = "description";
  write("packages/other/semantic_specification.json", to_text(specification::semantic_to_json(semantic)));
  const auto outcome = opened->import_packages({by_folder, by_semantics});
  ASSERT_TRUE(outcome.has_value());
  ASSERT_EQ(outcome->imported.size(), 2U) << outcome->rejected.at(0).error.message;
  EXPECT_EQ(opened->find(outcome->imported[0])->name, "mod\u00e8le");
  const auto record = opened->find(outcome->imported[1]);
  EXPECT_EQ(record->name, "pr\u00e9vision");
  EXPECT_THAT(record->semantic_json, ::testing::HasSubstr("pr\u00e9vision"));
}

TEST_F(DockTest, ASpecificationThatItsRecordCouldNotBeReadWithIsRefusedAndLeavesNothing) {
  const auto opened = open();
  specification::SemanticSpecification semantic;
  semantic.of(specification::SemanticKey::data) = {"Sheet"};  // in no vocabulary
  semantic.of(specification::SemanticKey::task) = {"Others"};
  semantic.of(specification::SemanticKey::library) = {"Others"};
  semantic.of(specification::SemanticKey::license) = {"MIT"};
  semantic.of(specification::SemanticKey::scenario) = {"Others"};
  semantic.name = "name";
  semantic.description = "description";
  EXPECT_EQ(opened->add_package(package("a", 1), &semantic).error().code, ErrorCode::semantic_value);
  EXPECT_EQ(opened->status().learnwares, 0u);
  EXPECT_TRUE(fs::is_empty(opened->staging_directory()));
  semantic.of(specification::SemanticKey::data) = {"Text"};
  EXPECT_TRUE(opened->add_package(package("a", 1), &semantic).has_value());
}

TEST_F(DockTest, ImportsListsFindsSearchesRemovesAndReopens) {
  LearnwareId first;
  {
    const auto opened = open();
    const auto outcome = opened->import_packages({package("packages/a", 1), package("packages/b", 2)});
    ASSERT_TRUE(outcome.has_value());
    ASSERT_EQ(outcome->imported.size(), 2u) << outcome->rejected.at(0).error.message;
    first = outcome->imported[0];
    EXPECT_EQ(first.text(), "00000001");
    EXPECT_EQ(opened->find(first)->name, "a");
    EXPECT_TRUE(fs::exists(opened->package_path(first).value()));
    EXPECT_EQ(opened->model_entry(first)->class_name, "MyModel");
    query::SearchRequest request;
    request.specification = random_specification({5, 3}, 2);
    const auto answer = opened->search(request);
    ASSERT_EQ(answer->singles.size(), 2u);
    EXPECT_EQ(answer->singles[0].id, outcome->imported[1]);
    EXPECT_NEAR(*answer->singles[0].mmd_squared, 0, 1e-12);
  }
  const auto opened = open();
  EXPECT_EQ(opened->status().learnwares, 2u);
  const fs::path blob = opened->package_path(first).value();
  const std::uint64_t two = opened->status().specification_bytes;
  ASSERT_TRUE(opened->remove(first).has_value());
  EXPECT_EQ(opened->status().specification_bytes, two / 2) << "both specifications have one shape";
  EXPECT_FALSE(fs::exists(blob));
  EXPECT_EQ(opened->find(first).error().code, ErrorCode::not_found);
  EXPECT_EQ(opened->remove(first).error().code, ErrorCode::not_found);
  query::SearchRequest everything;
  EXPECT_EQ(opened->search(everything)->singles.size(), 1u);
}

TEST_F(DockTest, AFolderOfPackagesComesInNameOrderAndOneBadOneDoesNotStopTheRest) {
  package("packages/b", 2);
  package("packages/a", 1);
  fs::remove(package("packages/bad", 3) / "__init__.py");
  const auto opened = open();
  const auto outcome = opened->import_packages({folder_ / "packages"});
  EXPECT_EQ(outcome->imported.size(), 2u);
  ASSERT_EQ(outcome->rejected.size(), 1u);
  EXPECT_EQ(outcome->rejected[0].error.code, ErrorCode::package_missing_file);
  EXPECT_EQ(opened->find(outcome->imported[0])->name, "a");
  EXPECT_TRUE(fs::is_empty(opened->staging_directory()));
}

TEST_F(DockTest, TheSamePackageTwiceIsAConflict) {
  const auto opened = open();
  const fs::path path = package("a", 1);
  ASSERT_TRUE(opened->add_package(path).has_value());
  const auto again = opened->add_package(path);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::package_duplicate);
  EXPECT_TRUE(fs::exists(opened->package_path(LearnwareId::from_number(1)).value()))
      << "the first one keeps its bytes";
}

TEST_F(DockTest, BulkImportKeepsIdsAndOrderAndRejectsLinesAlone) {
  const std::string text =
      line("z", 1) + line("a", 2) + "{\"id\":\"broken\",\"stat\":{\"z\":[[NaN]],\"beta\":[1]}}\n\n" +
      line("z", 3) +
      "{\"id\":7,\"semantic\":{},\"stat\":{\"z\":[[1]],\"beta\":[1]},\"url\":\"http://example.org/m\"}\n";
  const auto opened = open();
  const auto outcome = opened->import_specifications(write("bulk.jsonl", text));
  ASSERT_TRUE(outcome.has_value());
  ASSERT_EQ(outcome->imported.size(), 3u);
  EXPECT_EQ(outcome->imported[0].text(), "z");
  EXPECT_EQ(outcome->imported[1].text(), "a");
  EXPECT_EQ(outcome->imported[2].text(), "7");
  ASSERT_EQ(outcome->rejected.size(), 2u);
  EXPECT_EQ(outcome->rejected[0].error.code, ErrorCode::json_not_finite);
  EXPECT_EQ(outcome->rejected[1].error.code, ErrorCode::conflict);
  EXPECT_EQ(opened->list(0, 10)->records.at(0).id.text(), "z");
  EXPECT_EQ(opened->package_path(LearnwareId::create("7").value()).error().code, ErrorCode::not_found);
}

TEST_F(DockTest, ALineWithoutBothSpecificationsIsNoLearnware) {
  const char* stat = R"({"z":[[1]],"beta":[1]})";
  const std::string text = fmt::format(
      "{{}}\n{{\"semantic\":{{}}}}\n{{\"semantic\":{{}},\"stat\":null}}\n{{\"stat\":{0}}}\n"
      "{{\"semantic\":null,\"stat\":{0}}}\n{{\"semantic\":{{}},\"stat\":{{\"z\":[[1]],\"beta\":[1],\"gamma\":"
      "-1}}}}\n"
      "{{\"semantic\":{{\"Name\":5}},\"stat\":{0}}}\n{{\"semantic\":{{}},\"stat\":{0}}}\n",
      stat);
  const auto outcome = open()->import_specifications(write("bulk.jsonl", text));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->imported.size(), 1u);
  std::vector<std::string> where;
  for (const auto& rejection : outcome->rejected) where.push_back(rejection.error.where);
  EXPECT_EQ(where.size(), 7u);
  EXPECT_EQ(
      std::vector<std::string>(where.begin(), where.begin() + 6),
      (std::vector<std::string>{"/semantic", "/stat", "/stat", "/semantic", "/semantic", "/stat/gamma"}));
  EXPECT_TRUE(where.back().starts_with("/semantic/Name")) << where.back();
  EXPECT_EQ(outcome->rejected[1].error.code, ErrorCode::spec_missing_key);
  EXPECT_EQ(outcome->rejected[0].error.code, ErrorCode::semantic_missing);
}

TEST_F(DockTest, OneProcessAtATime) {
  const auto opened = open();
  EXPECT_EQ(Dock::open(folder_ / "dock").error().code, ErrorCode::conflict);
}

TEST_F(DockTest, CreateAndOpenSayWhatIsWrong) {
  EXPECT_EQ(Dock::create(folder_ / "dock").error().code, ErrorCode::conflict);
  write("other/file", "x");
  EXPECT_EQ(Dock::create(folder_ / "other").error().code, ErrorCode::conflict);
  EXPECT_EQ(Dock::open(folder_ / "none").error().code, ErrorCode::not_found);
}

TEST_F(DockTest, SearchesSeeWholeSnapshotsWhileLearnwaresComeAndGo) {
  const auto opened = open();
  std::string text;
  for (int i = 0; i < 50; ++i) text += line("base" + std::to_string(i), static_cast<std::uint64_t>(i));
  ASSERT_TRUE(opened->import_specifications(write("base.jsonl", text)).has_value());
  const fs::path extra = write("extra.jsonl", line("x", 500) + line("y", 501));
  std::atomic<bool> stop{false};
  std::vector<std::jthread> readers;
  for (int r = 0; r < 2; ++r)
    readers.emplace_back([&] {
      query::SearchRequest request;
      request.specification = random_specification({5, 3}, 77);
      request.top = 100;
      request.mixture = 2;
      while (!stop) {
        const auto answer = opened->search(request);
        ASSERT_TRUE(answer.has_value());
        // The two extra ones are stored in one transaction and removed one by one.
        EXPECT_GE(answer->singles.size(), 50u);
        EXPECT_LE(answer->singles.size(), 52u);
      }
    });
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(opened->import_specifications(extra)->imported.size(), 2u);
    EXPECT_TRUE(opened->remove(LearnwareId::create("x").value()).has_value());
    EXPECT_TRUE(opened->remove(LearnwareId::create("y").value()).has_value());
  }
  stop = true;
}

TEST_F(DockTest, TakenIdsInABatchCostNoFurtherTransactions) {
  const auto opened = open();
  ASSERT_TRUE(opened->import_specifications(write("a.jsonl", line("old", 1))).has_value());
  const auto before = opened->status().index_version;
  const std::string text = line("new", 2) + line("old", 3) + line("new", 4) + line("newer", 5);
  const auto outcome = opened->import_specifications(write("b.jsonl", text));
  ASSERT_TRUE(outcome.has_value());
  ASSERT_EQ(outcome->imported.size(), 2u);
  EXPECT_EQ(outcome->imported[1].text(), "newer");
  ASSERT_EQ(outcome->rejected.size(), 2u);
  EXPECT_TRUE(outcome->rejected[0].path.ends_with("b.jsonl:2"));
  EXPECT_TRUE(outcome->rejected[1].path.ends_with("b.jsonl:3"));
  EXPECT_EQ(outcome->rejected[1].error.code, ErrorCode::conflict);
  EXPECT_EQ(opened->status().index_version, before + 1) << "one transaction";
}

TEST_F(DockTest, ALineThatTheBinaryFormCannotHoldIsRejectedAlone) {
  const std::string big(std::size_t{1} << 20, 'x');
  const std::string text =
      line("a", 1) +
      R"({"id":"big","semantic":{},"stat":{"z":[[1]],"beta":[1],"type":"HeteroMapTableSpecification","weight":")" +
      big + "\"}}\n" + line("b", 2);
  const auto outcome = open()->import_specifications(write("bulk.jsonl", text));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->imported.size(), 2u);
  ASSERT_EQ(outcome->rejected.size(), 1u);
  EXPECT_EQ(outcome->rejected[0].error.code, ErrorCode::spec_shape);
}

TEST_F(DockTest, WhatCannotBeReadIsAnErrorNotAnEmptyImport) {
  const auto opened = open();
  EXPECT_FALSE(opened->import_specifications(folder_).has_value()) << "a directory";
  EXPECT_EQ(opened->import_specifications(folder_ / "none").error().code, ErrorCode::not_found);
}

TEST_F(DockTest, ALoopOfLinksIsRejectedNotThrown) {
  fs::create_symlink(folder_ / "loop", folder_ / "loop");
  fs::create_directories(folder_ / "packages");
  fs::create_symlink(folder_ / "packages" / "inner", folder_ / "packages" / "inner");
  package("packages/a", 1);
  const auto outcome = open()->import_packages({folder_ / "loop", folder_ / "packages"});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->imported.size(), 1u);
  EXPECT_EQ(outcome->rejected.size(), 1u);
}

TEST_F(DockTest, TheIndexVersionNeverGoesBack) {
  std::uint64_t last = 0;
  {
    const auto opened = open();
    ASSERT_TRUE(opened->import_specifications(write("a.jsonl", line("a", 1) + line("b", 2))).has_value());
    for (const char* id : {"a", "b"})
      ASSERT_TRUE(opened->remove(LearnwareId::create(id).value()).has_value());
    last = opened->status().index_version;
  }
  const auto opened = open();
  EXPECT_EQ(opened->status().index_version, last) << "the same content";
  ASSERT_TRUE(opened->import_specifications(write("c.jsonl", line("c", 3))).has_value());
  EXPECT_GT(opened->status().index_version, last);
}

TEST_F(DockTest, ARecordWithoutALicenceCountsAsApache) {
  const auto opened = open();
  const std::string text =
      R"({"id":"old","semantic":{"Name":{"Values":"old"}},"stat":{"z":[[1]],"beta":[1]}})"
      "\n"
      R"({"id":"mit","semantic":{"Name":{"Values":"new"},"License":{"Values":["MIT"]}},"stat":{"z":[[1]],"beta":[1]}})"
      "\n";
  ASSERT_EQ(opened->import_specifications(write("a.jsonl", text))->imported.size(), 2u);
  query::SearchRequest request;
  request.semantic.of(specification::SemanticKey::license) = {"Apache-2.0"};
  ASSERT_EQ(opened->search(request)->singles.size(), 1u);
  EXPECT_EQ(opened->search(request)->singles[0].id.text(), "old");
}

}  // namespace
}  // namespace learndock::dock
