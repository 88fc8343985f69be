// What was deleted stays deleted and kept, whatever happens to the catalogue; and what a catalogue has lost
// is noticed before it is copied, purged or written over.
#include "learndock/base/json.hpp"

#include "dock/kept_dock.hpp"
#include "dock/truth/deleted.hpp"
#include "io/file.hpp"
#include "support/flip_bit.hpp"

#include <cstdint>
#include <iterator>
#include <limits>

namespace learndock::dock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KeptDeletions : public KeptDock {
 protected:
  [[nodiscard]] fs::path copy() const { return folder_ / "copy"; }
  [[nodiscard]] fs::path deleted(const char* extension) const {
    for (const auto& item : fs::directory_iterator(dock() / "packages" / "deleted"))
      if (item.path().extension() == extension) return item.path();
    return {};
  }
  void remove_learnware(std::uint64_t number) const {
    const auto removed = open()->remove(LearnwareId::from_number(number));
    ASSERT_TRUE(removed.has_value()) << describe(removed.error());
  }
  void keep_catalogue() const { fs::copy_file(catalogue(), folder_ / "older"); }
  void put_older_catalogue_back() const {
    fs::copy_file(folder_ / "older", catalogue(), fs::copy_options::overwrite_existing);
  }
  /// As a kill between the row and the move of the package leaves it.
  void move_deleted_package_back() const {
    const std::string text = io::read_file(deleted(".json")).value();
    const std::string digest = parse_json(text)->at("package_digest").get<std::string>();
    fs::rename(deleted(".zip"), dock() / "packages" / digest.substr(0, 2) / digest.substr(2));
  }
  [[nodiscard]] Result<PurgeReport> purge_all() const {
    return purge_orphans(dock(), {std::chrono::seconds(0), false});
  }
  void expect_repaired(std::size_t learnwares, const std::string& next_id) const {
    EXPECT_GT(check().damages(), 0U);
    const CheckReport report = check(true);
    EXPECT_EQ(report.damages(), 0U) << text_of(report);
    EXPECT_EQ(check().damages(), 0U) << text_of(check());
    const auto opened = open();
    ASSERT_TRUE(opened);
    EXPECT_EQ(ids(*opened).size(), learnwares);
    const auto stored = opened->add_package(package(99));
    ASSERT_TRUE(stored.has_value()) << describe(stored.error());
    EXPECT_EQ(stored->id.text(), next_id);
  }
};

TEST_F(KeptDeletions, ABackupOfADockThatLostRecordsWasCalledSound) {
  add(*open(), 0, 3);
  keep_catalogue();
  add(*open(), 3, 6);
  put_older_catalogue_back();
  EXPECT_EQ(backup_dock(dock(), copy()).error().code, ErrorCode::catalog_behind);
  EXPECT_FALSE(fs::exists(copy())) << "the same command can be given again";
}

TEST_F(KeptDeletions, ABackupOfAnEmptiedCatalogueCalledItAnOldVersionAndLeftAFolder) {
  add(*open(), 0, 2);
  std::ofstream(catalogue(), std::ios::trunc).close();
  fs::create_directory(copy());
  const auto refused = backup_dock(dock(), copy());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::catalog_behind);
  EXPECT_THAT(refused.error().message, HasSubstr("empty file"));
  EXPECT_TRUE(fs::is_empty(copy())) << "it was there before";
}

TEST_F(KeptDeletions, ABackupThatFailsOnItsWayLeftItsFirstFiles) {
  add(*open(), 0, 2);
  const fs::path victim = packages(dock())[0];
  fs::remove(victim);
  fs::create_directory(victim);  // which is no file that can be copied
  EXPECT_FALSE(backup_dock(dock(), copy(), {.copy = true}).has_value());
  EXPECT_FALSE(fs::exists(copy()));
}

TEST_F(KeptDeletions, ABackupIntoTheDockItselfWasTaken) {
  add(*open(), 0, 1);
  for (const fs::path& to : {dock() / "sub", dock() / "packages" / ".." / "sub"})
    EXPECT_EQ(backup_dock(dock(), to).error().code, ErrorCode::conflict) << to;
  EXPECT_FALSE(fs::exists(dock() / "sub"));
}

TEST_F(KeptDeletions, AFreshCatalogueWithAFreshMarkWasSoundAndPurgeTookAll) {
  add(*open(), 0, 5);
  ASSERT_TRUE(Dock::create(folder_ / "other").has_value());
  for (const char* name : {"catalog.sqlite", "catalog.mark"})
    fs::copy_file(folder_ / "other" / name, dock() / name, fs::copy_options::overwrite_existing);
  EXPECT_EQ(purge_all().error().code, ErrorCode::catalog_behind);
  EXPECT_THAT(backup_dock(dock(), copy())->problems, ElementsAre(HasSubstr("5 packages")));
  EXPECT_EQ(package_count(), 5U);
  EXPECT_GT(check(false, false).damages(), 0U);
  EXPECT_EQ(check(true).damages(), 0U);
  EXPECT_EQ(ids(*open()).size(), 5U);
}

TEST_F(KeptDeletions, ManyFilesThatAreNoPackagesCanStillBePurged) {
  add(*open(), 0, 1);
  for (const char digit : {'1', '2', '3', '4', '5'}) {
    fs::create_directories(dock() / "packages" / "ab");
    std::ofstream(dock() / "packages" / "ab" / std::string(62, digit)) << "cut off";
  }
  EXPECT_EQ(purge_all()->removed.size(), 5U);
}

TEST_F(KeptDeletions, ALostLogBroughtADeletedLearnwareBackWithoutItsPackage) {
  add(*open(), 0, 4);
  keep_catalogue();
  remove_learnware(2);
  put_older_catalogue_back();
  EXPECT_GT(check().damages(), 0U);
  EXPECT_EQ(check(true).damages(), 0U) << text_of(check());
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
  const auto opened = open();
  EXPECT_THAT(ids(*opened), ElementsAre("00000001", "00000003", "00000004"));
  EXPECT_TRUE(opened->undelete(LearnwareId::from_number(2)).has_value()) << "and is still kept";
}

TEST_F(KeptDeletions, AnInterruptedDeletionCameBackAsANewLearnware) {
  add(*open(), 0, 3);
  remove_learnware(2);
  move_deleted_package_back();
  EXPECT_EQ(check().damages(), 0U);
  EXPECT_EQ(check(true).damages(), 0U);
  const auto opened = open();
  EXPECT_THAT(ids(*opened), ElementsAre("00000001", "00000003"));
  EXPECT_TRUE(opened->undelete(LearnwareId::from_number(2)).has_value());
}

TEST_F(KeptDeletions, PurgeDestroyedThePackageOfAnInterruptedDeletion) {
  add(*open(), 0, 3);
  remove_learnware(2);
  move_deleted_package_back();
  EXPECT_THAT(purge_orphans(dock(), {std::chrono::seconds(0), true})->removed, IsEmpty());
  EXPECT_THAT(purge_all()->removed, IsEmpty());
  EXPECT_TRUE(open()->undelete(LearnwareId::from_number(2)).has_value());
}

TEST_F(KeptDeletions, KeptDeletionsShutADockWithAQuotaToUploads) {
  DockOptions options;
  options.threads = 1;
  options.max_dock_bytes = 16'000'000;
  options.disk_probe = []() -> Result<DiskRoom> {
    return DiskRoom{std::uint64_t{1} << 40, std::uint64_t{1} << 41};
  };
  const auto opened = Dock::open(dock(), options).value();
  const auto add_large = [&](std::uint64_t seed) {
    const fs::path folder = package(seed);
    std::ofstream(folder / "weights.bin") << std::string(2'000'000, 'w');
    return opened->add_package(folder);
  };
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const auto stored = add_large(seed);
    ASSERT_TRUE(stored.has_value()) << describe(stored.error());
    ASSERT_TRUE(opened->remove(stored->id).has_value());
  }
  ASSERT_GE(opened->deleted().size(), 3U);
  EXPECT_TRUE(opened->room_for(5'000'000).has_value()) << "before any of it is sent";
  EXPECT_FALSE(opened->room_for(50'000'000).has_value());
  EXPECT_EQ(opened->hold_space().take(50'000'000).error().code, ErrorCode::no_space);
  const std::size_t kept = opened->deleted().size();
  SpaceHold hold = opened->hold_space();
  const auto taken = hold.take(5'000'000);
  EXPECT_TRUE(taken.has_value()) << describe(taken.error());
  EXPECT_LT(opened->deleted().size(), kept) << "the oldest make room";
  EXPECT_GT(kept, 0U) << "what cannot fit at all takes none";
}

TEST_F(KeptDeletions, PurgeCouldNotRemoveDeletedLearnwares) {
  add(*open(), 0, 3);
  remove_learnware(2);
  EXPECT_EQ(purge_deleted(dock(), {std::chrono::hours(1), false})->kept, 1U);
  EXPECT_THAT(purge_deleted(dock(), {std::chrono::seconds(0), true})->removed, ElementsAre("00000002"));
  EXPECT_FALSE(deleted(".zip").empty());
  EXPECT_THAT(purge_deleted(dock(), {std::chrono::seconds(0), false})->removed, ElementsAre("00000002"));
  EXPECT_TRUE(deleted(".zip").empty());
  EXPECT_EQ(open()->undelete(LearnwareId::from_number(2)).error().code, ErrorCode::not_found);
}

/// A time that no number holds was read as the year 1970, and the file removed.
TEST_F(KeptDeletions, FilesOfImpossibleTimesAreLeftAlone) {
  const fs::path folder = folder_ / "deleted";
  fs::create_directory(folder);
  const std::string last = "7fffffffffffffff-0000000000000001";
  for (const std::string& key : {last, std::string("ffffffffffffffff-0000000000000001"),
                                 std::string("-000000000000001-0000000000000001")})
    std::ofstream(folder / (key + ".json")) << "{}";
  DeletedLearnwares kept(folder, 1);
  EXPECT_THAT(kept.keys(), ElementsAre(last));
  EXPECT_EQ(kept.kept_until(std::numeric_limits<std::int64_t>::max()),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(kept.expire(std::int64_t{1} << 50), 0U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 3);
}

TEST_F(KeptDeletions, DamagedFilesOfDeletedLearnwaresWereSound) {
  add(*open(), 0, 3);
  remove_learnware(2);
  EXPECT_EQ(check().damages(), 0U);
  testing::flip_bit(deleted(".zip"), 100, 1);
  EXPECT_EQ(check(false, false).damages(), 0U) << "without --packages they are not read";
  EXPECT_EQ(check().damages(), 1U);
  std::ofstream(deleted(".json"), std::ios::trunc) << "{";
  const CheckReport report = check();
  ASSERT_EQ(report.damages(), 1U);
  EXPECT_EQ(report.findings[0].part, "deleted");
  EXPECT_THAT(report.findings[0].fix, HasSubstr("purge"));
}

TEST_F(KeptDeletions, AChangedLetterInADeletedRecordWasNotNoticed) {
  add(*open(), 0, 3);
  remove_learnware(2);
  std::string text = io::read_file(deleted(".json")).value();
  text.replace(text.find("model 1"), 7, "model 7");
  ASSERT_TRUE(io::write_file_atomically(deleted(".json"), text));
  EXPECT_EQ(check().damages(), 1U);
  EXPECT_THAT(open()->deleted(), IsEmpty()) << "it is not offered";
}

/// Damages that `check --repair` was told to mend and could not.
class DamagedCatalogue : public KeptDeletions, public ::testing::WithParamInterface<const char*> {};

TEST_P(DamagedCatalogue, CouldNotBeMended) {
  add(*open(), 0, 3);
  change(GetParam());
  EXPECT_FALSE(try_open().has_value());
  expect_repaired(3, "00000004");
}

TEST_P(DamagedCatalogue, CouldNotBeMendedWithoutAMark) {
  add(*open(), 0, 4);
  remove_learnware(4);
  change(GetParam());
  fs::remove(dock() / "catalog.mark");
  expect_repaired(3, "00000005");
}

INSTANTIATE_TEST_SUITE_P(Each, DamagedCatalogue,
                         ::testing::Values("UPDATE counter SET value = 9223372036854775807 WHERE name = "
                                           "'next_id'",
                                           "UPDATE counter SET value = -5 WHERE name = 'next_id'",
                                           "UPDATE counter SET value = -5 WHERE name = 'version'",
                                           "DELETE FROM counter", "DROP INDEX learnware_id",
                                           "PRAGMA user_version = 7", "PRAGMA user_version = 0",
                                           "PRAGMA application_id = 5"));

}  // namespace
}  // namespace learndock::dock
