#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/specification/codec.hpp"

#include "dock/truth/disk_space.hpp"
#include "io/file.hpp"
#include "support/generators.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sys/stat.h>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;
using testing::files_below;
using ::testing::HasSubstr;
using testing::random_specification;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t sum = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file()) sum += item.file_size();
  return sum;
}

/// A dock whose disk is as full as a test says.
class DiskTest : public ::testing::Test {
 protected:
  DiskTest() { EXPECT_TRUE(Dock::create(dock()).has_value()); }
  [[nodiscard]] fs::path dock() const { return folder_ / "dock"; }
  [[nodiscard]] fs::path reserve() const { return dock() / "reserve.bin"; }
  [[nodiscard]] fs::path deleted() const { return dock() / "packages" / "deleted"; }

  DockOptions options() {
    DockOptions options;
    options.threads = 1;
    options.min_free_bytes = 10 * kMiB;
    options.disk_probe = [this]() -> Result<DiskRoom> { return DiskRoom{free_, 100'000 * kMiB}; };
    return options;
  }
  std::unique_ptr<Dock> open(const DockOptions& options) {
    auto opened = Dock::open(dock(), options);
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : describe(opened.error()));
    return std::move(*opened);
  }
  std::unique_ptr<Dock> open() { return open(options()); }

  fs::path package(std::uint64_t seed, std::size_t weights = 1000) {
    const fs::path folder = folder_ / fmt::format("package{}", seed);
    fs::create_directories(folder);
    const auto write = [&](const char* name, const std::string& text) {
      std::ofstream(folder / name, std::ios::binary) << text;
    };
    write("learnware.yaml",
          "stat_specifications:\n  - module_path: learnware.specification\n    class_name: "
          "RKMETableSpecification\n    file_name: stat.json\n    kwargs: {}\n");
    write("__init__.py", fmt::format("# model {}\n", seed));
    write("requirements.txt", "numpy\n");
    write("stat.json", specification::to_json_text(random_specification({5, 3}, seed)));
    write("weights.bin", std::string(weights, static_cast<char>(seed)));
    return folder;
  }
  static std::size_t found(const Dock& opened, std::uint64_t seed) {
    query::SearchRequest request;
    request.specification = random_specification({5, 3}, seed);
    return opened.search(request)->singles.size();
  }

  testing::TemporaryFolder folder_;
  std::atomic<std::uint64_t> free_{1000 * kMiB};
};

TEST_F(DiskTest, AnUploadIsTakenUntilTheDiskIsFull) {
  const auto opened = open();
  ASSERT_TRUE(opened->add_package(package(1)));
  free_ = 10 * kMiB + 500;
  const auto refused = opened->add_package(package(2));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::no_space);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("has {} bytes free", 10 * kMiB + 500)));
  EXPECT_TRUE(fs::is_empty(opened->staging_directory()));
  EXPECT_EQ(opened->room_for(kMiB).error().code, ErrorCode::no_space) << "before any byte of it is sent";
  EXPECT_EQ(opened->room_for(UINT64_MAX).error().code, ErrorCode::no_space);
  EXPECT_EQ(found(*opened, 1), 1U) << "reading goes on";
  std::ofstream(folder_ / "lines.jsonl")
      << to_text({{"semantic", Json::object()},
                  {"stat", specification::to_json(random_specification({50, 3}, 3))}}) +
             "\n";
  EXPECT_EQ(opened->import_specifications(folder_ / "lines.jsonl").error().code, ErrorCode::no_space);
  free_ = 1000 * kMiB;
  EXPECT_TRUE(opened->add_package(package(2))) << "without a restart";
}

TEST_F(DiskTest, ADockGrowsWithoutALimit) {
  DockOptions limited = options();
  limited.max_dock_bytes = 16 * kMiB;
  const auto opened = open(limited);
  std::vector<LearnwareId> ids;
  Result<catalog::LearnwareRecord> stored = fail(ErrorCode::internal, "none");
  for (std::uint64_t seed = 1; seed < 30; ++seed) {
    stored = opened->add_package(package(seed, kMiB));
    EXPECT_LE(bytes_below(dock()), 16 * kMiB);
    if (!stored) break;
    ids.push_back(stored->id);
  }
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().code, ErrorCode::no_space);
  EXPECT_THAT(stored.error().message, HasSubstr(fmt::format("of the {} bytes", 16 * kMiB)));
  ASSERT_GE(ids.size(), 5U);
  std::optional<std::int64_t> kept;
  ASSERT_TRUE(opened->remove(ids[0], &kept));
  EXPECT_FALSE(kept.has_value()) << "it must free its room";
  EXPECT_TRUE(opened->deleted().empty());
  EXPECT_TRUE(opened->add_package(package(40, kMiB)));
}

TEST_F(DiskTest, UploadsAtTheSameTimeEachHaveTheSameRoom) {
  std::ofstream(dock() / "reserve.bin") << "there";
  DiskSpace space(dock(), {.max_dock_bytes = 0, .min_free_bytes = 10 * kMiB}, options().disk_probe);
  free_ = 110 * kMiB;
  SpaceHold second(space);
  {
    SpaceHold first(space);
    ASSERT_TRUE(first.take(60 * kMiB));
    EXPECT_EQ(second.take(60 * kMiB).error().code, ErrorCode::no_space);
    free_ = 50 * kMiB;
    first.written();  // now it is no longer free, and does not count twice
    EXPECT_TRUE(second.take(40 * kMiB));
    EXPECT_EQ(second.take(1).error().code, ErrorCode::no_space);
  }
  free_ = 110 * kMiB;
  EXPECT_TRUE(second.take(60 * kMiB));
}

TEST_F(DiskTest, WithoutAnOptionOnePercentOrSixtyFourMebibytesStayFree) {
  std::ofstream(dock() / "reserve.bin") << "there";
  std::uint64_t total = 2400 * kMiB;
  DiskSpace space(dock(), {}, [&]() -> Result<DiskRoom> { return DiskRoom{free_, total}; });
  free_ = 25 * kMiB;
  EXPECT_TRUE(space.room_for(kMiB)) << "a small disk";
  EXPECT_FALSE(space.room_for(kMiB + 1));
  total = 100'000 * kMiB;
  free_ = 65 * kMiB;
  EXPECT_TRUE(space.room_for(kMiB));
  EXPECT_FALSE(space.room_for(kMiB + 1));
}

TEST_F(DiskTest, ADockOnAFullDiskDoesNotOpen) {
  LearnwareId id;
  {
    const auto opened = open();
    id = opened->add_package(package(1))->id;
    EXPECT_TRUE(fs::exists(reserve())) << "the room that a full disk is opened with";
  }
  struct stat info {};
  ASSERT_EQ(::stat(reserve().c_str(), &info), 0);
  EXPECT_GE(512U * static_cast<std::uint64_t>(info.st_blocks), kMiB) << "allocated, not a hole";
  free_ = 0;
  const auto opened = open();
  EXPECT_FALSE(fs::exists(reserve())) << "given up for the catalogue's log";
  EXPECT_EQ(found(*opened, 1), 1U);
  EXPECT_EQ(opened->add_package(package(2)).error().code, ErrorCode::no_space);
  EXPECT_THAT(opened->disk().read_only, HasSubstr("0 bytes free"));
  free_ = 12 * kMiB;
  EXPECT_FALSE(opened->room_for(1)) << "the reserve comes before any upload";
  std::optional<std::int64_t> kept;
  EXPECT_TRUE(opened->remove(id, &kept));
  EXPECT_FALSE(kept.has_value());
  free_ = 1000 * kMiB;
  EXPECT_TRUE(opened->add_package(package(3))) << "without a restart";
  EXPECT_TRUE(opened->remove(opened->add_package(package(4))->id));
  EXPECT_TRUE(fs::exists(reserve())) << "there again for the next time";
  EXPECT_EQ(opened->disk().read_only, "");
}

TEST_F(DiskTest, WhatTheDockTakesIsCounted) {
  const auto opened = open();
  const std::uint64_t before = opened->disk().dock_bytes;
  const auto record = opened->add_package(package(1, 3 * kMiB));
  EXPECT_GE(opened->disk().dock_bytes, before + 3 * kMiB);
  EXPECT_LE(opened->disk().dock_bytes, before + 4 * kMiB);
  EXPECT_EQ(opened->disk().free_bytes, 1000 * kMiB);
}

TEST_F(DiskTest, EveryLocalUserReadsTheDock) {
  const mode_t before = ::umask(0);
  fs::remove_all(dock());
  ASSERT_TRUE(Dock::create(dock()));
  {
    DockOptions indexed = options();
    indexed.index_from = 2;
    indexed.entries_from = 1;
    const auto opened = open(indexed);
    for (std::uint64_t seed = 1; seed < 6; ++seed) ASSERT_TRUE(opened->add_package(package(seed)));
    ASSERT_TRUE(opened->remove(LearnwareId::from_number(1)));
    ASSERT_TRUE(opened->tend_index());
    const auto others = [](const fs::path& path) { return fs::status(path).permissions() & fs::perms(0077); };
    EXPECT_EQ(others(dock()), fs::perms::none);
    for (const auto& item : fs::recursive_directory_iterator(dock()))
      EXPECT_EQ(others(item.path()), fs::perms::none) << item.path();
    EXPECT_TRUE(fs::exists(dock() / "catalog.sqlite-wal"));
    EXPECT_TRUE(fs::exists(dock() / "index"));
  }
  ::umask(before);
}

TEST_F(DiskTest, ADeletedLearnwareIsGoneForGood) {
  LearnwareId id;
  std::string digest;
  {
    const auto opened = open();
    const auto record = opened->add_package(package(1)).value();
    id = record.id;
    digest = record.package_digest;
    ASSERT_TRUE(opened->add_package(package(2)));
    std::optional<std::int64_t> kept;
    ASSERT_TRUE(opened->remove(id, &kept));
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(opened->find(id).error().code, ErrorCode::not_found);
    EXPECT_EQ(found(*opened, 1), 1U);
  }
  const auto opened = open();
  const auto list = opened->deleted();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].record.id, id);
  EXPECT_EQ(list[0].kept_until_unix_ms - list[0].removed_unix_ms, 7 * 86'400'000LL);
  const auto back = opened->undelete(id);
  ASSERT_TRUE(back) << describe(back.error());
  EXPECT_EQ(back->id, id);
  EXPECT_EQ(back->package_digest, digest);
  EXPECT_TRUE(fs::exists(opened->package_path(id).value()));
  EXPECT_EQ(found(*opened, 1), 2U);
  EXPECT_TRUE(opened->deleted().empty());
  EXPECT_TRUE(fs::is_empty(deleted()));
  EXPECT_EQ(opened->undelete(id).error().code, ErrorCode::not_found);
}

TEST_F(DiskTest, BringingBackNeverTakesWhatIsThereNow) {
  const auto opened = open();
  const auto line = [&](std::uint64_t seed) {
    std::ofstream(folder_ / "line.jsonl")
        << to_text({{"id", "mine"},
                    {"semantic", Json::object()},
                    {"stat", specification::to_json(random_specification({5, 3}, seed))}}) +
               "\n";
    return opened->import_specifications(folder_ / "line.jsonl")->imported.size();
  };
  const LearnwareId mine = LearnwareId::create("mine").value();
  ASSERT_EQ(line(1), 1U);
  ASSERT_TRUE(opened->remove(mine)) << "a record without a package is kept, too";
  ASSERT_EQ(line(2), 1U);
  EXPECT_EQ(opened->undelete(mine).error().code, ErrorCode::conflict);
  const LearnwareId first = opened->add_package(package(1))->id;
  ASSERT_TRUE(opened->remove(first));
  const LearnwareId second = opened->add_package(package(1))->id;
  EXPECT_EQ(opened->undelete(first).error().code, ErrorCode::package_duplicate);
  EXPECT_EQ(opened->deleted().size(), 2U) << "a refusal loses nothing";
  ASSERT_TRUE(opened->remove(second));
  EXPECT_EQ(opened->deleted().size(), 3U);
  EXPECT_TRUE(opened->undelete(first)) << "both deletions of one package have their own copy";
  ASSERT_TRUE(opened->remove(mine));
  ASSERT_TRUE(opened->undelete(mine));
  EXPECT_EQ(opened->find(mine)->statistical, specification::to_binary(random_specification({5, 3}, 2)))
      << "the newest";
}

TEST_F(DiskTest, DeletedLearnwaresAreKeptForSomeDaysOnly) {
  {
    const auto opened = open();
    ASSERT_TRUE(opened->remove(opened->add_package(package(1))->id));
    ASSERT_TRUE(opened->remove(opened->add_package(package(2))->id));
  }
  // As if the first had been deleted in 2001.
  std::set<std::string> names = files_below(deleted());
  ASSERT_EQ(names.size(), 4U);
  const std::string old = names.begin()->substr(0, 33);
  for (const char* end : {".json", ".zip"})
    fs::rename(deleted() / (old + end), deleted() / ("000000e6f9c00000" + old.substr(16) + end));
  EXPECT_EQ(open()->deleted().size(), 1U);
  EXPECT_EQ(files_below(deleted()).size(), 2U);
  DockOptions none = options();
  none.keep_deleted_days = 0;
  const auto opened = open(none);
  EXPECT_TRUE(opened->deleted().empty());
  std::optional<std::int64_t> kept;
  ASSERT_TRUE(opened->remove(opened->add_package(package(3))->id, &kept));
  EXPECT_FALSE(kept.has_value());
  EXPECT_TRUE(fs::is_empty(deleted()));
}

TEST_F(DiskTest, WithLittleRoomTheOldestDeletedOnesGoFirst) {
  const auto opened = open();
  for (std::uint64_t seed = 1; seed < 4; ++seed) ASSERT_TRUE(opened->add_package(package(seed)));
  ASSERT_TRUE(opened->remove(LearnwareId::from_number(1)));
  ASSERT_TRUE(opened->remove(LearnwareId::from_number(2)));
  EXPECT_EQ(opened->deleted().size(), 2U);
  free_ = 5 * kMiB;
  std::optional<std::int64_t> kept;
  ASSERT_TRUE(opened->remove(LearnwareId::from_number(3), &kept));
  EXPECT_FALSE(kept.has_value());
  EXPECT_TRUE(opened->deleted().empty());
}

TEST_F(DiskTest, ADamagedRecordOfADeletedLearnwareLeavesTheOthersAlone) {
  {
    const auto opened = open();
    ASSERT_TRUE(opened->remove(opened->add_package(package(1))->id));
    ASSERT_TRUE(opened->remove(opened->add_package(package(2))->id));
  }
  const std::string first = *files_below(deleted()).begin();
  std::ofstream(deleted() / first, std::ios::binary) << "{";
  const auto opened = open();
  EXPECT_EQ(opened->deleted().size(), 1U);
  EXPECT_TRUE(opened->undelete(LearnwareId::from_number(2)));
  EXPECT_EQ(files_below(deleted()).size(), 2U) << "nor is it removed before its time";
}

/// Whatever a kill interrupts, each package file is a learnware's, a deleted one's with its record, or was
/// not taken in yet.
TEST_F(DiskTest, AKilledDeletionOrUndeletionLosesNoPackage) {
  std::size_t acknowledged = 0;
  std::uint64_t orphans_before = 0;
  for (unsigned round = 0; round < testing::kill_points(12); ++round) {
    const auto names = testing::run_and_kill(round, [&](const testing::Acknowledge& acknowledge) {
      const auto opened = Dock::open(dock(), options());
      for (std::uint64_t i = 0; opened; ++i) {
        const auto added = (*opened)->add_package(package(1000 * (round + 1) + i));
        if (!added || !(*opened)->remove(added->id)) return;
        acknowledge(added->id.text());
        if (i % 2 == 0 && !(*opened)->undelete(added->id)) return;
        acknowledge(added->id.text());
      }
    });
    acknowledged += names.size();
    const auto opened = open();
    std::set<std::string> named;
    std::set<std::string> known;
    const auto page = opened->list(0, 10'000);
    for (const auto& record : page->records) {
      known.insert(record.id.text());
      named.insert(record.package_digest);
      EXPECT_TRUE(opened->package_path(record.id).has_value()) << record.id.text();
    }
    std::size_t kept = 0;
    for (const auto& learnware : opened->deleted()) {
      known.insert(learnware.record.id.text());
      ++kept;
    }
    for (const std::string& name : names) EXPECT_TRUE(known.contains(name)) << name;
    std::size_t blobs = 0, records = 0, zips = 0;
    for (const std::string& name : files_below(dock() / "packages")) {
      blobs += name.size() == 65 && name[2] == '/' ? 1 : 0;
      records += name.ends_with(".json") ? 1 : 0;
      zips += name.ends_with(".zip") ? 1 : 0;
    }
    // An addition that was interrupted before its record was written leaves its package, which opening
    // reports and does not remove (see learndock purge). A deletion leaves none.
    const std::uint64_t orphans = opened->status().orphans;
    EXPECT_EQ(blobs, named.size() + orphans);
    EXPECT_LE(orphans, orphans_before + 1) << "each kill interrupts one addition at most";
    orphans_before = orphans;
    EXPECT_EQ(records, kept);
    EXPECT_EQ(zips, kept);
  }
  EXPECT_GT(acknowledged, 20U) << "the rounds were too short to prove anything";
}

}  // namespace
}  // namespace learndock::dock
