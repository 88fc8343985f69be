// What an earlier opening decoded: the dock says the same with it, without it, and whatever became of it.
#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/specification/codec.hpp"

#include "base/parallel.hpp"
#include "dock/import_line.hpp"
#include "learnwares/entry_file.hpp"
#include "store/segment_example.hpp"
#include "support/generators.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

class StoredEntriesTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Dock::create(dock()).has_value()); }
  fs::path dock() const { return folder_.path() / "dock"; }
  /// As `learndock check --repair` accepts a catalogue that is older than what was acknowledged.
  void accept_catalogue() const { fs::remove(dock() / "catalog.mark"); }
  fs::path file() const { return dock() / "entries" / "entries.lds"; }
  std::unique_ptr<Dock> open(std::size_t entries_from = 1) const {
    DockOptions options;
    options.threads = 1;
    options.entries_from = entries_from;
    options.index_from = 64;
    return Dock::open(dock(), options).value();
  }
  /// Every fifth one is of another dimension, so few of them that no part holds them.
  void import_some(Dock& opened, std::size_t first, std::size_t last, const std::string& prefix = "m") const {
    const fs::path lines = folder_.path() / "lines.jsonl";
    std::ofstream out(lines);
    for (std::size_t i = first; i < last; ++i)
      out << testing::import_line(fmt::format("{}{:04}", prefix, i), testing::numbered_model(i),
                                  testing::random_specification({4, i % 5 == 0 ? 2U : 3U}, i));
    out.close();
    ASSERT_EQ(opened.import_specifications(lines).value().imported.size(), last - first);
  }
  std::vector<query::SearchRequest> requests() const {
    std::vector<query::SearchRequest> all(1);
    all.back().semantic.of(specification::SemanticKey::scenario) = {"Business"};
    all.emplace_back().text = "MODEL 1";
    all.emplace_back().text = "modle 12";
    all.emplace_back().semantic.learnware_id = "7";
    for (const std::size_t dimension : {2U, 3U})
      for (const query::ScoreMode scores : {query::ScoreMode::absolute, query::ScoreMode::compat}) {
        all.emplace_back().specification = testing::random_specification({5, dimension}, 7);
        all.back().scores = scores;
      }
    for (query::SearchRequest& request : all) request.top = 500;
    return all;
  }
  Json answers(const Dock& opened) const {
    Json all = Json::array();
    for (const query::SearchRequest& request : requests()) {
      const auto answer = opened.search(request);
      EXPECT_TRUE(answer.has_value());
      Json hits = Json::array();
      for (const query::SingleHit& hit : answer->singles)
        hits.push_back(
            {hit.id.text(), hit.name, hit.mmd_squared ? fmt::format("{:.9g}", *hit.mmd_squared) : ""});
      EXPECT_FALSE(hits.empty());
      all.push_back(std::move(hits));
    }
    return all;
  }
  /// What is decoded now and what was decoded before give the same answers.
  void expect_right_answers() const {
    const Json with = answers(*open());
    if (fs::exists(file())) fs::rename(file(), folder_ / "aside");
    EXPECT_EQ(answers(*open(SIZE_MAX)), with);
    EXPECT_FALSE(fs::exists(file()));
    if (fs::exists(folder_ / "aside")) fs::rename(folder_ / "aside", file());
  }
  testing::TemporaryFolder folder_;
};

TEST_F(StoredEntriesTest, ADockSaysTheSameWithThem) {
  {
    const auto opened = open(SIZE_MAX);
    import_some(*opened, 0, 300);
    ASSERT_TRUE(opened->tend_index().has_value());
    EXPECT_EQ(opened->status().indexed, 240U) << "the others stay in memory";
    EXPECT_FALSE(fs::exists(file()));
  }
  static_cast<void>(open());
  EXPECT_TRUE(fs::exists(file()));
  expect_right_answers();
}

TEST_F(StoredEntriesTest, AnImportWritesThemAtItsEnd) {
  import_some(*open(), 0, 100);
  EXPECT_TRUE(fs::exists(file()));
  expect_right_answers();
}

/// What went leaves the file as it is; what came in its place is counted all the same.
TEST_F(StoredEntriesTest, ADockOfConstantSizeStoresWhatComes) {
  const auto opened = open();
  import_some(*opened, 0, 100);
  ASSERT_TRUE(opened->tend_index().has_value());
  ASSERT_EQ(learnwares::EntryFile::open(file(), 1).value()->last_id(), "m0099");
  for (std::size_t i = 0; i < 20; ++i)
    ASSERT_TRUE(opened->remove(LearnwareId::create(fmt::format("m{:04}", i)).value()).has_value());
  import_some(*opened, 100, 120);
  while (opened->tend_index().value()) {
  }
  EXPECT_EQ(opened->status().learnwares, 100U);
  EXPECT_EQ(learnwares::EntryFile::open(file(), 1).value()->last_id(), "m0119");
}

TEST_F(StoredEntriesTest, AnOpenDockMapsWhatItStored) {
  auto opened = open(SIZE_MAX);
  import_some(*opened, 0, 100);
  opened.reset();
  opened = open(50);
  const Json first = answers(*opened);
  import_some(*opened, 100, 160);
  import_some(*opened, 160, 180);
  ASSERT_TRUE(opened->tend_index().has_value());
  import_some(*opened, 180, 190);
  const Json have = answers(*opened);
  EXPECT_NE(have, first);
  opened.reset();
  EXPECT_EQ(answers(*open(SIZE_MAX)), have);
  expect_right_answers();
}

TEST_F(StoredEntriesTest, WhatCameAndWentSinceIsSeen) {
  import_some(*open(), 0, 200);
  const auto written = fs::last_write_time(file());
  {
    const auto opened = open(SIZE_MAX);
    import_some(*opened, 200, 210);
    for (const int i : {0, 17, 18, 205})
      ASSERT_TRUE(opened->remove(LearnwareId::create(fmt::format("m{:04}", i)).value()).has_value());
  }
  EXPECT_EQ(open()->status().learnwares, 206U);
  EXPECT_EQ(fs::last_write_time(file()), written) << "few changes do not pay";
  expect_right_answers();
  // Also without its last one the file is known to be of this catalogue.
  ASSERT_TRUE(open(SIZE_MAX)->remove(LearnwareId::create("m0199").value()).has_value());
  EXPECT_EQ(open()->status().learnwares, 205U);
  EXPECT_EQ(fs::last_write_time(file()), written);
  expect_right_answers();
}

TEST_F(StoredEntriesTest, WhatAPartDoesNotHoldIsReadFromTheCatalogue) {
  {
    const auto opened = open();
    import_some(*opened, 0, 200);
    ASSERT_TRUE(opened->tend_index().has_value());
  }
  const Json indexed = answers(*open());
  fs::remove_all(dock() / "index");
  EXPECT_EQ(open()->status().indexed, 0U);
  EXPECT_EQ(answers(*open()), indexed);
  ASSERT_TRUE(open()->tend_index().has_value());
  EXPECT_EQ(open()->status().indexed, 160U);
  EXPECT_EQ(answers(*open()), indexed);
}

TEST_F(StoredEntriesTest, ThoseOfACatalogueThatABackupReplacedAreNotUsed) {
  import_some(*open(SIZE_MAX), 0, 50);
  fs::copy_file(dock() / "catalog.sqlite", folder_ / "backup");
  import_some(*open(), 50, 100);
  ASSERT_TRUE(fs::exists(file()));
  fs::copy_file(folder_ / "backup", dock() / "catalog.sqlite", fs::copy_options::overwrite_existing);
  accept_catalogue();
  EXPECT_EQ(open(SIZE_MAX)->status().learnwares, 50U);
  // As many changes as before, but others.
  import_some(*open(SIZE_MAX), 50, 100, "other");
  expect_right_answers();
}

TEST_F(StoredEntriesTest, ACatalogueThatWentItsOwnWayIsBelieved) {
  import_some(*open(SIZE_MAX), 0, 50);
  fs::copy_file(dock() / "catalog.sqlite", folder_ / "replica");
  const auto remove = [&](const char* id) {
    ASSERT_TRUE(open(SIZE_MAX)->remove(LearnwareId::create(id).value()).has_value());
  };
  remove("m0009");
  remove("m0049");
  static_cast<void>(open());  // the file knows neither
  ASSERT_TRUE(fs::exists(file()));
  fs::copy_file(folder_ / "replica", dock() / "catalog.sqlite", fs::copy_options::overwrite_existing);
  accept_catalogue();
  fs::rename(dock() / "entries", folder_ / "entries");
  remove("m0020");
  remove("m0048");  // as many changes, but others
  fs::rename(folder_ / "entries", dock() / "entries");
  EXPECT_EQ(open(SIZE_MAX)->status().learnwares, 48U);
  expect_right_answers();
}

TEST_F(StoredEntriesTest, PartsOfACatalogueThatABackupReplacedAreNotUsed) {
  import_some(*open(), 0, 200);
  fs::copy_file(dock() / "catalog.sqlite", folder_ / "backup");
  {
    const auto opened = open();
    import_some(*opened, 200, 400);
    ASSERT_TRUE(opened->tend_index().has_value());
    EXPECT_EQ(opened->status().indexed, 400U);
  }
  fs::copy_file(folder_ / "backup", dock() / "catalog.sqlite", fs::copy_options::overwrite_existing);
  accept_catalogue();
  {
    // The same numbers and ids, but other learnwares.
    fs::rename(dock() / "index", folder_ / "index");
    const auto opened = open(SIZE_MAX);
    const fs::path lines = folder_.path() / "lines.jsonl";
    std::ofstream out(lines);
    for (std::size_t i = 200; i < 400; ++i)
      out << testing::import_line(fmt::format("m{:04}", i), testing::numbered_model(i),
                                  testing::random_specification({4, i % 5 == 0 ? 2U : 3U}, 10'000 + i));
    out.close();
    ASSERT_EQ(opened->import_specifications(lines).value().imported.size(), 200U);
  }
  fs::remove_all(dock() / "index");
  const Json want = answers(*open(SIZE_MAX));
  fs::remove_all(dock() / "index");
  fs::rename(folder_ / "index", dock() / "index");
  EXPECT_EQ(open()->status().indexed, 0U);
  EXPECT_EQ(answers(*open()), want);
  ASSERT_TRUE(open()->tend_index().has_value());
  EXPECT_EQ(open()->status().indexed, 400U);
  EXPECT_EQ(answers(*open()), want);
}

TEST_F(StoredEntriesTest, DamagedOnesAreMadeAnew) {
  import_some(*open(), 0, 100);
  const auto want = answers(*open());
  for (std::uintmax_t byte = 1; byte < fs::file_size(file()); byte += fs::file_size(file()) / 7) {
    {
      const testing::FlippedBit damage(file(), byte, 3);
      EXPECT_EQ(answers(*open(SIZE_MAX)), want) << byte;
    }
  }
  std::ofstream(file(), std::ios::trunc) << "not a segment";
  EXPECT_EQ(answers(*open()), want);
  EXPECT_GT(fs::file_size(file()), 1000U);
  EXPECT_EQ(answers(*open()), want);
}

TEST_F(StoredEntriesTest, AFullDiskOnlyCostsTime) {
  import_some(*open(SIZE_MAX), 0, 1000);
  {
    const testing::FileSizeLimit limit(40'000);  // the catalogue's own files need that much
    EXPECT_EQ(open()->status().learnwares, 1000U);
    EXPECT_FALSE(fs::exists(file()));
  }
  expect_right_answers();
}

TEST_F(StoredEntriesTest, KilledAtAnyMomentTheDockKeepsWhatItAcknowledged) {
  std::size_t acknowledged = 0;
  for (unsigned seed = 0; seed < testing::kill_points(15); ++seed) {
    end_helpers();  // so that the child has its own
    const auto names = testing::run_and_kill(seed, [&](const testing::Acknowledge& acknowledge) {
      const auto opened = open();
      for (std::size_t i = 0; i < 50; ++i) {
        import_some(*opened, 20 * i, 20 * i + 20, fmt::format("s{}-", seed));
        acknowledge(std::to_string(i));
      }
    });
    acknowledged += 20 * names.size();
    const auto opened = open();
    EXPECT_GE(opened->status().learnwares, acknowledged);
    EXPECT_LE(opened->status().learnwares, acknowledged + 20) << "at most what was killed before it was said";
    acknowledged = opened->status().learnwares;
  }
  expect_right_answers();
}

}  // namespace
}  // namespace learndock::dock
