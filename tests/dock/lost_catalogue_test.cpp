// A catalogue that has lost records costs no package: what happens to it is found, said and mended.
#include "blobs/local_blob_store.hpp"
#include "dock/kept_dock.hpp"
#include "io/file.hpp"
#include "support/flip_bit.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace learndock::dock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LostCatalogue : public KeptDock {
 protected:
  /// No opening, for writing or reading, goes on or removes anything.
  void expect_refused(std::size_t packages_there) {
    for (const bool read_only : {true, false}) {
      const auto refused = try_open(read_only);
      ASSERT_FALSE(refused.has_value());
      EXPECT_EQ(refused.error().code, ErrorCode::catalog_behind) << describe(refused.error());
      EXPECT_THAT(refused.error().fix, HasSubstr("--repair"));
      EXPECT_EQ(package_count(), packages_there);
    }
    EXPECT_FALSE(purge_orphans(dock(), {std::chrono::seconds(0), false}).has_value());
    EXPECT_EQ(package_count(), packages_there);
    EXPECT_GT(check().damages(), 0U);
  }
  void expect_mended(std::uint64_t learnwares) {
    const CheckReport report = check(true);
    EXPECT_EQ(report.damages(), 0U) << text_of(report);
    EXPECT_EQ(check().damages(), 0U) << text_of(check());
    const auto opened = open();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->status().learnwares, learnwares);
    EXPECT_EQ(opened->status().orphans, 0U);
    EXPECT_EQ(found(*opened, 0, learnwares), learnwares);
    EXPECT_EQ(package_count(), learnwares);
  }
  void remove_log() {
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(catalogue().string() + suffix);
  }
  /// Packages that a process adds which is then gone without closing the dock: they are in the log alone.
  void add_and_die(std::uint64_t first, std::uint64_t last) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto opened = Dock::open(dock()).value();
      bool stored = true;
      for (std::uint64_t seed = first; seed < last; ++seed)
        stored &= opened->add_package(package(seed)).has_value();
      ::_exit(stored ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
};

TEST_F(LostCatalogue, AnEmptiedCatalogueCostsNoPackage) {
  add(*open(), 0, 5);
  std::ofstream(catalogue(), std::ios::trunc).close();
  remove_log();
  expect_refused(5);
  expect_mended(5);
}

TEST_F(LostCatalogue, ACatalogueThatIsGoneCostsNoPackage) {
  add(*open(), 0, 5);
  fs::remove(catalogue());
  remove_log();
  expect_refused(5);
  expect_mended(5);
}

TEST_F(LostCatalogue, AFreshCatalogueBesidePackagesIsNotTakenForThisDocks) {
  add(*open(), 0, 5);
  fs::remove(catalogue());
  ASSERT_TRUE(Dock::create(folder_ / "other").has_value());
  fs::copy_file(folder_ / "other" / "catalog.sqlite", catalogue());
  expect_refused(5);
  fs::remove(dock() / "catalog.mark");  // as in a dock of an earlier version
  expect_refused(5);
  expect_mended(5);
}

TEST_F(LostCatalogue, ACatalogueOlderThanThePackagesCostsNone) {
  add(*open(), 0, 3);
  fs::copy_file(catalogue(), folder_ / "older");
  add(*open(), 3, 6);
  fs::copy_file(folder_ / "older", catalogue(), fs::copy_options::overwrite_existing);
  expect_refused(6);
  expect_mended(6);
  EXPECT_THAT(ids(*open()), ::testing::UnorderedElementsAre("00000001", "00000002", "00000003", "00000004",
                                                            "00000005", "00000006"))
      << "each package names its own id";
  EXPECT_EQ(open()->add_package(package(9))->id.text(), "00000007")
      << "ids that were given once are not given to others";
}

TEST_F(LostCatalogue, WithoutAMarkManyUnnamedPackagesAreNotTakenForLeftovers) {
  add(*open(), 0, 3);
  fs::copy_file(catalogue(), folder_ / "older");
  add(*open(), 3, 8);
  fs::copy_file(folder_ / "older", catalogue(), fs::copy_options::overwrite_existing);
  fs::remove(dock() / "catalog.mark");
  expect_refused(8);
  expect_mended(8);
}

TEST_F(LostCatalogue, ABitOfTheLogCostsNoPackage) {
  add(*open(), 0, 3);
  add_and_die(3, 9);
  const std::size_t packages_there = package_count();
  const fs::path log = catalogue().string() + "-wal";
  ASSERT_GT(fs::file_size(log), 4096U);
  testing::flip_bit(log, fs::file_size(log) / 2, 3);
  const auto log_before = io::read_file(log).value();
  expect_refused(packages_there);
  EXPECT_EQ(io::read_file(log).value(), log_before) << "what a log still holds is not thrown away";
  expect_mended(packages_there);
}

TEST_F(LostCatalogue, ALogThatWasNotCopiedAlongCostsNoPackage) {
  add(*open(), 0, 3);
  add_and_die(3, 9);
  const std::size_t packages_there = package_count();
  remove_log();
  expect_refused(packages_there);
  expect_mended(packages_there);
}

TEST_F(LostCatalogue, ABitOfAPackageDigestCostsNoPackage) {
  add(*open(), 0, 4);
  change(
      "UPDATE learnware SET package_digest = replace(package_digest, substr(package_digest, 9, 8), "
      "'ffffffff') "
      "WHERE sequence = 2");
  {
    const auto opened = open();
    EXPECT_EQ(package_count(), 4U);
    EXPECT_EQ(opened->status().learnwares, 3U);
    EXPECT_EQ(opened->status().damaged, 1U);
    EXPECT_EQ(opened->find(LearnwareId::from_number(2)).error().code, ErrorCode::corrupt);
  }
  EXPECT_EQ(check().damages(), 1U) << text_of(check());
  EXPECT_FALSE(purge_orphans(dock(), {std::chrono::seconds(0), false}).has_value());
  expect_mended(4);
  EXPECT_EQ(open()->find(LearnwareId::from_number(2))->name, "model 1");
}

TEST_F(LostCatalogue, AnUnreadableCatalogueIsSetAsideAndMadeAgain) {
  add(*open(), 0, 5);
  std::string bytes = io::read_file(catalogue()).value();
  bytes.replace(0, 4096, 4096, 'x');
  ASSERT_TRUE(io::write_file_atomically(catalogue(), bytes));
  const auto refused = try_open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().fix, HasSubstr("check"));
  expect_mended(5);
  std::size_t aside = 0;
  for (const auto& item : fs::directory_iterator(dock()))
    if (item.path().filename().string().starts_with("catalog.sqlite.damaged-")) {
      ++aside;
      EXPECT_EQ(io::read_file(item.path()).value(), bytes) << "what was set aside is as it was";
    }
  EXPECT_EQ(aside, 1U);
}

TEST_F(LostCatalogue, DamagedPagesCostNoRecordThatHasAPackage) {
  add(*open(), 0, 40);
  std::string bytes = io::read_file(catalogue()).value();
  for (std::size_t at = 8 * 4096; at + 4096 <= bytes.size(); at += 7 * 4096)
    bytes.replace(at, 64, 64, '\xee');
  ASSERT_TRUE(io::write_file_atomically(catalogue(), bytes));
  EXPECT_GT(check().damages(), 0U);
  expect_mended(40);
}

TEST_F(LostCatalogue, AnInterruptedUploadIsKeptAndSaidAndRemovedOnlyByPurge) {
  add(*open(), 0, 2);
  const fs::path file = folder_ / "cut off";
  std::ofstream(file) << "a package without a record";
  const std::string digest = blobs::open_local_blob_store(dock() / "packages").value()->put(file).value();
  for (const bool read_only : {true, false}) {
    const auto opened = try_open(read_only);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ((*opened)->status().orphans, 1U);
  }
  EXPECT_EQ(package_count(), 3U);
  const CheckReport report = check();
  EXPECT_EQ(report.damages(), 0U);
  ASSERT_EQ(report.findings.size(), 1U) << text_of(report);
  EXPECT_EQ(report.findings[0].subject, digest);
  EXPECT_EQ(purge_orphans(dock(), {})->kept, 1U);
  EXPECT_THAT(purge_orphans(dock(), {std::chrono::seconds(0), true})->removed, ElementsAre(digest));
  EXPECT_EQ(package_count(), 3U) << "it was only asked";
  EXPECT_EQ(check(true).damages(), 1U) << "it is no package, and that is said";
  EXPECT_EQ(package_count(), 3U);
  EXPECT_THAT(purge_orphans(dock(), {std::chrono::seconds(0), false})->removed, ElementsAre(digest));
  EXPECT_EQ(package_count(), 2U);
}

TEST_F(LostCatalogue, ReadingChangesNothing) {
  add(*open(), 0, 2);
  std::ofstream(dock() / "staging" / "left") << "x";
  fs::remove_all(dock() / "index");
  const auto before = testing::files_below(dock());
  {
    const auto opened = try_open(true).value();
    EXPECT_EQ(found(*opened, 0, 2), 2U);
    EXPECT_TRUE(opened->status().read_only);
    EXPECT_EQ(opened->remove(LearnwareId::from_number(1)).error().code, ErrorCode::read_only);
    EXPECT_EQ(opened->add_package(package(9)).error().code, ErrorCode::read_only);
    EXPECT_EQ(opened->tend_index().error().code, ErrorCode::read_only);
    EXPECT_TRUE(try_open(true).has_value()) << "two readers";
    EXPECT_EQ(try_open(false).error().code, ErrorCode::conflict);
  }
  auto after = testing::files_below(dock());
  for (const char* log : {"catalog.sqlite-wal", "catalog.sqlite-shm"}) after.erase(log);
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace learndock::dock
