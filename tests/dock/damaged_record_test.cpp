// One damaged record closes only itself, and what can be mended is.
#include "learndock/base/json.hpp"
#include "learndock/reindex/reindex.hpp"

#include "dock/kept_dock.hpp"
#include "io/file.hpp"
#include "support/flip_bit.hpp"

namespace learndock::dock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DamagedRecord : public KeptDock {};

const char* const kDamages[] = {
    "UPDATE statistical SET bytes = zeroblob(60) WHERE sequence = 2",
    "DELETE FROM statistical WHERE sequence = 2",
    "UPDATE learnware SET semantic_json = '{' WHERE sequence = 2",
    "UPDATE learnware SET semantic_json = replace(semantic_json, 'model', 'modem') WHERE sequence = 2",
    "UPDATE learnware SET name = 'modem 1' WHERE sequence = 2",
    "UPDATE learnware SET status = 'grand' WHERE sequence = 2",
    "UPDATE learnware SET package_bytes = package_bytes + 64 WHERE sequence = 2",
    "UPDATE learnware SET warnings = '[\"x\"]' WHERE sequence = 2",
    "UPDATE learnware SET created_unix_ms = 1 << 62 WHERE sequence = 2",
    "UPDATE learnware SET checksum = NULL WHERE sequence = 2",
};

TEST_F(DamagedRecord, ClosesOnlyItself) {
  for (const char* sql : kDamages) {
    SCOPED_TRACE(sql);
    fs::remove_all(dock());
    ASSERT_TRUE(Dock::create(dock()).has_value());
    add(*open(), 0, 3);
    change(sql);
    const auto opened = open();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->status().learnwares, 2U);
    EXPECT_EQ(opened->status().damaged, 1U);
    EXPECT_EQ(found(*opened, 0, 3), 2U);
    EXPECT_THAT(ids(*opened), ElementsAre("00000001", "00000002", "00000003"));
    const auto shown = opened->find(LearnwareId::from_number(2));
    ASSERT_FALSE(shown.has_value());
    EXPECT_EQ(shown.error().code, ErrorCode::corrupt);
    EXPECT_THAT(shown.error().fix, HasSubstr("check"));
    EXPECT_FALSE(opened->package_path(LearnwareId::from_number(2)).has_value());
    ASSERT_TRUE(opened->remove(LearnwareId::from_number(2)).has_value());
    EXPECT_EQ(opened->status().damaged, 0U);
    add(*opened, 9, 10);
  }
}

TEST_F(DamagedRecord, IsFoundByACheckAndMendedUnderItsId) {
  for (const char* sql : kDamages) {
    SCOPED_TRACE(sql);
    fs::remove_all(dock());
    ASSERT_TRUE(Dock::create(dock()).has_value());
    add(*open(), 0, 3);
    const auto before = open()->find(LearnwareId::from_number(2)).value();
    change(sql);
    EXPECT_GE(check().damages(), 1U);
    const CheckReport report = check(true);
    EXPECT_EQ(report.damages(), 0U) << text_of(report);
    EXPECT_EQ(check().damages(), 0U) << text_of(check());
    const auto opened = open();
    EXPECT_EQ(found(*opened, 0, 3), 3U);
    const auto after = opened->find(LearnwareId::from_number(2));
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(after->semantic_json, before.semantic_json);
    EXPECT_EQ(after->statistical, before.statistical);
    EXPECT_EQ(after->package_digest, before.package_digest);
  }
}

TEST_F(DamagedRecord, WithAnIdThatCannotBeCanStillBeNamed) {
  add(*open(), 0, 3);
  change("UPDATE learnware SET id = char(10) WHERE sequence = 2");
  const auto opened = open();
  EXPECT_THAT(ids(*opened), ElementsAre("00000001", "damaged-2", "00000003"));
  EXPECT_TRUE(opened->remove(LearnwareId::create("damaged-2").value()).has_value());
  EXPECT_EQ(opened->remove(LearnwareId::create("damaged-3").value()).error().code, ErrorCode::not_found)
      << "the third one has a name";
}

TEST_F(DamagedRecord, WithoutAPackageStaysDamagedAndIsSaid) {
  {
    const auto opened = open();
    std::ofstream lines(folder_ / "lines.jsonl");
    for (std::uint64_t seed = 0; seed < 3; ++seed)
      lines << to_text({{"id", fmt::format("m{}", seed)},
                        {"semantic", Json::object()},
                        {"stat", specification::to_json(testing::random_specification({5, 3}, seed))}})
            << "\n";
    lines.close();
    ASSERT_EQ(opened->import_specifications(folder_ / "lines.jsonl")->imported.size(), 3U);
  }
  change("UPDATE statistical SET bytes = zeroblob(60) WHERE sequence = 2");
  const CheckReport report = check(true);
  EXPECT_EQ(report.damages(), 1U);
  ASSERT_EQ(report.findings.size(), 1U) << text_of(report);
  EXPECT_THAT(report.findings[0].fix, HasSubstr("learndock delete m1"));
  EXPECT_EQ(found(*open(), 0, 3), 2U);
}

TEST_F(DamagedRecord, IsLeftOutOfANewIndex) {
  add(*open(), 0, 6);
  change("UPDATE statistical SET bytes = zeroblob(60) WHERE sequence = 2");
  reindex::ReindexOptions options;
  options.threads = 1;
  options.smallest_space = 1;
  const auto report = reindex::reindex(dock(), options);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->learnwares, 5U);
  EXPECT_EQ(found(*open(), 0, 6), 5U);
}

TEST_F(DamagedRecord, OfAPackageThatIsDamagedOrGoneIsFound) {
  add(*open(), 0, 3);
  const auto files = packages(dock());
  testing::flip_bit(files[0], fs::file_size(files[0]) / 2, 0);
  fs::remove(files[1]);
  EXPECT_EQ(check(false, false).damages(), 1U) << "without reading packages";
  EXPECT_EQ(check().damages(), 2U) << text_of(check());
  EXPECT_EQ(check(true).damages(), 2U) << "no one else has their bytes";
  const auto opened = open();
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    static_cast<void>(opened->remove(LearnwareId::from_number(seed + 1)));
    EXPECT_TRUE(opened->add_package(package(seed)).has_value());
  }
}

TEST_F(DamagedRecord, OfTheStoredIndexIsDropped) {
  add(*open(), 0, 6);
  reindex::ReindexOptions options;
  options.threads = 1;
  options.smallest_space = 1;
  ASSERT_TRUE(reindex::reindex(dock(), options).has_value());
  for (const auto& item : fs::directory_iterator(dock() / "index"))
    if (item.path().extension() == ".lds") testing::flip_bit(item.path(), fs::file_size(item.path()) / 2, 0);
  EXPECT_GE(check().damages(), 1U);
  EXPECT_EQ(check(true).damages(), 0U);
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
  EXPECT_EQ(found(*open(), 0, 6), 6U);
}

}  // namespace
}  // namespace learndock::dock
