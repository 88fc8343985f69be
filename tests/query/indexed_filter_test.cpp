// Filters in front of the stored index: the answers and the counts of what was skipped are those of comparing
// every learnware that passes, whatever spaces, parts, removals and inserts the dock is made of.
#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/reindex/reindex.hpp"
#include "learndock/specification/codec.hpp"

#include "dock/import_line.hpp"
#include "engine/search_scene.hpp"
#include "support/example_package.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace learndock::query {
namespace {

namespace fs = std::filesystem;

/// Tables of two shapes and texts in two languages take turns; a few tables have a kernel that no part holds,
/// and a few learnwares no specification at all.
class IndexedFilter : public ::testing::Test {
 protected:
  static constexpr std::size_t kMade = 460, kQueries = 4;

  void SetUp() override {
    for (std::size_t s = 0; s < 3; ++s) {
      testing::MarketShape shape;
      shape.learnwares = kMade;
      shape.dimension = s == 1 ? 3 : 4;
      shape.duplicates = 0.1;
      shape.seed = s + 1;
      scenes_.push_back(testing::make_market(shape, kQueries));
    }
    ASSERT_TRUE(dock::Dock::create(dock()).has_value());
    auto opened = open();
    insert(*opened, 0, 300);
    insert_without_specification(*opened, 2);
    insert(*opened, 300, 380);
    options_.landmarks = 48;
    options_.coordinates = 24;
    options_.smallest_space = 100;
    options_.range_records = 500;  // several parts of each space
    options_.threads = 1;
  }

  fs::path dock() const { return folder_.path() / "dock"; }
  std::unique_ptr<dock::Dock> open() const {
    dock::DockOptions options;
    options.threads = 1;
    return dock::Dock::open(dock(), options).value();
  }
  /// Of scene 2 those of a text; kernel 0.37 is too rare to be indexed.
  specification::RkmeSpecification specification(std::size_t scene, std::size_t i, double gamma = 0.1) const {
    const auto& set = scenes_[scene].sets[i];
    auto made = specification::make_table_specification(set.points, set.weights, gamma, 100).value();
    if (scene != 2) return made;
    made.kind = specification::kind_of_name("RKMETextSpecification").value();
    made.languages = {"en"};
    if (i % 4 == 0) made.languages.emplace_back("zh");
    return made;
  }
  std::string id(std::size_t scene, std::size_t i) const {
    return fmt::format("{}{}", "abt"[scene], scenes_[scene].ids[i]);
  }
  void insert(dock::Dock& opened, std::size_t first, std::size_t last) const {
    const fs::path file = folder_.path() / "lines.jsonl";
    std::ofstream out(file);
    const auto write = [&](const std::string& name, std::size_t i,
                           const specification::RkmeSpecification& made) {
      specification::SemanticSpecification semantic = testing::numbered_model(i);
      if (i % 50 == 0) semantic.of(specification::SemanticKey::scenario).emplace_back("Nature");
      out << testing::import_line(name, semantic, made);
    };
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t scene = 0; scene < 3; ++scene)
        if (scene != 2 || i % 70 < 50) write(id(scene, i), i, specification(scene, i));
      if (i % 40 == 0) write("r" + scenes_[0].ids[i], i, specification(0, i, 0.37));
    }
    out.close();
    ASSERT_TRUE(opened.import_specifications(file).value().rejected.empty());
  }
  void insert_without_specification(dock::Dock& opened, std::size_t count) const {
    auto files = testing::example_files();
    std::string& manifest = files["learnware.yaml"];
    manifest.resize(manifest.find("stat_specifications"));
    manifest += "stat_specifications: []\n";
    files.erase("stat_spec.json");
    const fs::path file = folder_.path() / "plain.zip";
    for (std::size_t i = 0; i < count; ++i) {
      files["__init__.py"] += fmt::format("# {}\n", opened.status().learnwares);  // each package once
      std::ofstream(file, std::ios::binary) << testing::raw_zip_of(files).bytes();
      const auto added = opened.add_package(file);
      ASSERT_TRUE(added.has_value()) << describe(added.error());
    }
  }
  void remove(dock::Dock& opened, std::size_t scene, std::size_t first, std::size_t step) const {
    for (std::size_t i = first; i < 380; i += step) {
      if (scene == 2 && i % 70 >= 50) continue;
      ASSERT_TRUE(opened.remove(LearnwareId::create(id(scene, i)).value()).has_value());
    }
  }

  std::vector<SearchRequest> requests() const {
    std::vector<SearchRequest> all;
    for (std::size_t q = 0; q < kQueries; ++q)
      for (std::size_t scene = 0; scene < 3; ++scene) {
        SearchRequest request;
        request.specification = specification(scene, kMade + q);
        if (scene == 2) request.specification->languages.resize(q % 2);
        request.top = q % 2 == 0 ? 10 : 300;
        request.mixture = q == 0 ? 3 : 0;
        add_filtered(request, all);
      }
    SearchRequest chinese;
    chinese.specification = specification(2, 0);
    add_filtered(chinese, all);
    chinese.specification->languages = {"en", "fr"};
    add_filtered(chinese, all);
    return all;
  }
  static void add_filtered(const SearchRequest& request, std::vector<SearchRequest>& all) {
    all.push_back(request);
    for (const char* scenario : {"Business", "Health", "Nature", "Education"}) {
      all.push_back(request);
      all.back().semantic.of(specification::SemanticKey::scenario) = {scenario};
    }
    for (const char* text : {"model 1", "model 200", "modle 77", "nothing of the kind"}) {
      all.push_back(request);
      all.back().semantic.of(specification::SemanticKey::scenario) = {"Health", "Nature"};
      all.back().text = text;
    }
    all.push_back(request);
    all.back().semantic.learnware_id = "a1";
  }

  /// What an answer says of learnwares that were not compared.
  static std::multiset<std::string> skipped_of(const SearchAnswer& answer) {
    std::multiset<std::string> said;
    for (const Warning& warning : answer.warnings)
      if (warning.code == WarningCode::learnwares_skipped || warning.code == WarningCode::dimension_unmatched)
        said.insert(warning.message);
    return said;
  }
  void expect_right_answers(const dock::Dock& opened) const {
    std::size_t found = 0, skipped = 0;
    for (SearchRequest request : requests()) {
      SCOPED_TRACE(to_text(to_json(request)).substr(0, 300));
      const auto have = opened.search(request);
      ASSERT_TRUE(have.has_value()) << describe(have.error());
      request.backend = "cpu_reference";
      const auto want = opened.search(request);
      ASSERT_TRUE(want.has_value()) << describe(want.error());
      EXPECT_TRUE(have->exact);
      ASSERT_EQ(have->singles.size(), want->singles.size());
      for (std::size_t i = 0; i < have->singles.size(); ++i) {
        EXPECT_EQ(have->singles[i].id, want->singles[i].id);
        EXPECT_NEAR(*have->singles[i].mmd_squared, *want->singles[i].mmd_squared, 1e-12);
      }
      EXPECT_EQ(have->mixture.has_value(), want->mixture.has_value());
      EXPECT_EQ(skipped_of(*have), skipped_of(*want));
      EXPECT_TRUE(have->timings_ms.contains("filter"));
      found += have->singles.empty() ? 0 : 1;
      skipped += skipped_of(*have).size();
    }
    EXPECT_GT(found, 60U) << "most questions left nothing: little was tested";
    EXPECT_GT(skipped, 100U);
  }

  testing::TemporaryFolder folder_;
  std::vector<testing::SceneMarket> scenes_;
  reindex::ReindexOptions options_;
};

TEST_F(IndexedFilter, AnswersAreThoseOfComparingEverything) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  const auto opened = open();
  EXPECT_GT(opened->status().indexed, 900U);
  expect_right_answers(*opened);
}

TEST_F(IndexedFilter, AsLearnwaresComeAndGo) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  auto opened = open();
  remove(*opened, 0, 0, 5);
  remove(*opened, 2, 3, 11);
  insert(*opened, 380, kMade);
  insert_without_specification(*opened, 1);
  expect_right_answers(*opened);
  // The parts still hold what is gone, and a dock opened again knows nothing of it.
  opened.reset();
  opened = open();
  expect_right_answers(*opened);
  remove(*opened, 1, 1, 6);
  remove(*opened, 0, 2, 5);
  expect_right_answers(*opened);
}

TEST_F(IndexedFilter, AsThePartsAreTended) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  dock::DockOptions options;
  options.threads = 1;
  options.index_from = 15;
  const auto opened = dock::Dock::open(dock(), options).value();
  for (std::size_t i = 380; i < kMade; i += 20) {
    insert(*opened, i, i + 20);
    remove(*opened, 1, i % 19, 190);
    ASSERT_TRUE(opened->tend_index().has_value());
  }
  expect_right_answers(*opened);
}

TEST_F(IndexedFilter, AsTheSemanticIndexIsMadeAnew) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  insert(*open(), 380, kMade);
  auto opened = open();
  // More than 1024 removals, and a quarter of all: the items get new numbers on the way.
  const std::size_t before = opened->status().learnwares;
  for (std::size_t i = 0; i < kMade; ++i)
    for (std::size_t scene = 0; scene < 3; ++scene)
      if (i % 16 != scene && (scene != 2 || i % 70 < 50)) {
        ASSERT_TRUE(opened->remove(LearnwareId::create(id(scene, i)).value()).has_value());
      }
  ASSERT_GT(before - opened->status().learnwares, 1024U + 50U);
  expect_right_answers(*opened);
}

TEST_F(IndexedFilter, ASpentBudgetIsSaidAndLeavesAnAnswer) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  const auto opened = open();
  insert(*opened, 380, kMade);
  for (SearchRequest request : requests()) {
    const auto whole = opened->search(request);
    request.budget = std::chrono::milliseconds(0);
    const auto cut = opened->search(request);
    ASSERT_TRUE(whole.has_value() && cut.has_value());
    if (!request.text.empty()) continue;  // fewer texts were read
    EXPECT_EQ(cut->singles.empty(), whole->singles.empty());
    EXPECT_EQ(skipped_of(*cut), skipped_of(*whole));
    EXPECT_LE(cut->evaluated, whole->evaluated);
    if (cut->singles.size() < whole->singles.size()) {
      EXPECT_FALSE(cut->exact);
    }
    if (cut->singles.empty()) continue;
    // Whatever was not looked at lies at most the slack under the last one shown.
    EXPECT_LE(*cut->singles.back().mmd_squared - cut->slack, *whole->singles.back().mmd_squared + 1e-12);
  }
}

}  // namespace
}  // namespace learndock::query
