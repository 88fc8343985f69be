// Power cuts at the calls with which a dock changes files, SQLite's included: what was acknowledged is there.
#include "learndock/dock/dock_file.hpp"

#include "dock/kept_dock.hpp"
#include "dock/truth/catalog_mark.hpp"
#include "io/file_copy.hpp"
#include "support/lossy_sqlite.hpp"

namespace learndock::dock {
namespace {

using namespace learndock::testing;

std::shared_ptr<void> watch_sqlite(LossyDisk& disk) { return std::make_shared<LossySqlite>(disk); }

/// Its packages are in the fixture's folder, its docks in the folder where the power is cut.
class PowerCutDock : public KeptDock {
 protected:
  static Result<std::unique_ptr<Dock>> open_in(const fs::path& folder) {
    DockOptions options;
    options.threads = 1;
    return Dock::open(folder / "dock", options);
  }
  void make_in(const fs::path& folder, std::uint64_t learnwares) const {
    ASSERT_TRUE(Dock::create(folder / "dock"));
    const auto opened = open_in(folder).value();
    add(*opened, 0, learnwares);
  }
  /// The learnwares are in the dock, their packages whole.
  static void expect_kept(const Dock& opened, const std::vector<LearnwareId>& ids) {
    for (const LearnwareId& id : ids) {
      const auto record = opened.find(id);
      ASSERT_TRUE(record) << "lost " << id.text() << ": " << describe(record.error());
      const auto file = opened.package_path(id);
      ASSERT_TRUE(file) << "lost the package of " << id.text() << ": " << describe(file.error());
      EXPECT_EQ(io::digest_of_file(*file).value(), record->package_digest);
    }
  }
};

TEST_F(PowerCutDock, ADockIsThereOnceItIsMade) {
  bool made = false;
  const std::size_t calls = cut_power_at_each_call(
      {.prepare = [&](const fs::path&) { made = false; },
       .work = [&](const fs::path& folder) { made = Dock::create(folder / "new" / "dock").has_value(); },
       .check =
           [&](const fs::path& folder) {
             if (!made) return;
             const auto opened = Dock::open(folder / "new" / "dock");
             ASSERT_TRUE(opened) << describe(opened.error());
           },
       .also = watch_sqlite});
  EXPECT_GE(calls, 30U) << "too few points";
  EXPECT_TRUE(made);
}

TEST_F(PowerCutDock, WhatANewDockTookSurvives) {
  std::vector<LearnwareId> ids;
  static_cast<void>(package(0));
  cut_power_at_each_call({.prepare =
                              [&](const fs::path& folder) {
                                ids.clear();
                                make_in(folder, 0);
                              },
                          .work =
                              [&](const fs::path& folder) {
                                const auto opened = open_in(folder);
                                const auto added = opened ? (*opened)->add_package(folder_ / "package-0")
                                                          : Failure(opened.error());
                                if (added) ids.push_back(added->id);
                              },
                          .check =
                              [&](const fs::path& folder) {
                                const auto opened = open_in(folder);
                                ASSERT_TRUE(opened) << describe(opened.error());
                                expect_kept(**opened, ids);
                                EXPECT_EQ(found(**opened, 0, ids.size()), ids.size());
                              },
                          .also = watch_sqlite});
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(PowerCutDock, ADeletedLearnwareIsThereOrCanBeBroughtBack) {
  bool removed = false;
  cut_power_at_each_call({.prepare =
                              [&](const fs::path& folder) {
                                removed = false;
                                make_in(folder, 2);
                              },
                          .work =
                              [&](const fs::path& folder) {
                                const auto opened = open_in(folder);
                                if (!opened) return;
                                removed = (*opened)->remove(LearnwareId::from_number(1)).has_value();
                              },
                          .check =
                              [&](const fs::path& folder) {
                                const auto opened = open_in(folder);
                                ASSERT_TRUE(opened) << describe(opened.error());
                                const LearnwareId id = LearnwareId::from_number(1);
                                const bool there = (*opened)->find(id).has_value();
                                EXPECT_FALSE(removed && there);
                                if (!there) {
                                  const auto back = (*opened)->undelete(id);
                                  ASSERT_TRUE(back) << describe(back.error());
                                }
                                expect_kept(**opened, {id, LearnwareId::from_number(2)});
                              },
                          .also = watch_sqlite});
  EXPECT_TRUE(removed);
}

TEST_F(PowerCutDock, ABackupThatIsFinishedCanBeRestored) {
  bool finished = false;
  cut_power_at_each_call(
      {.prepare =
           [&](const fs::path& folder) {
             finished = false;
             make_in(folder, 1);
           },
       .work =
           [&](const fs::path& folder) {
             finished = backup_dock(folder / "dock", folder / "new" / "copy", {.copy = true}).has_value();
           },
       .check =
           [&](const fs::path& folder) {
             const auto report = restore_dock(folder / "new" / "copy", folder / "again");
             if (report) {
               EXPECT_EQ(report->damages(), 0U) << text_of(*report);
               expect_kept(**Dock::open(folder / "again"), {LearnwareId::from_number(1)});
             } else {
               EXPECT_EQ(report.error().code, ErrorCode::not_found) << describe(report.error());
               EXPECT_FALSE(finished);
             }
           },
       .also = watch_sqlite});
  EXPECT_TRUE(finished);
}

TEST_F(PowerCutDock, ARestoredDockIsWhole) {
  bool restored = false;
  cut_power_at_each_call(
      {.prepare =
           [&](const fs::path& folder) {
             restored = false;
             make_in(folder, 2);
             ASSERT_TRUE(backup_dock(folder / "dock", folder / "copy"));
           },
       .work =
           [&](const fs::path& folder) {
             restored = restore_dock(folder / "copy", folder / "new" / "again").has_value();
           },
       .check =
           [&](const fs::path& folder) {
             const auto opened = Dock::open(folder / "new" / "again");
             EXPECT_TRUE(opened || !restored) << describe(opened.error());
             // Its description comes last: a dock that can be opened is whole.
             if (opened) expect_kept(**opened, {LearnwareId::from_number(1), LearnwareId::from_number(2)});
           },
       .also = watch_sqlite});
  EXPECT_TRUE(restored);
}

TEST(PowerCutFiles, TheDescriptionOfADockIsTheOldOrTheNewOne) {
  bool written = false;
  cut_power_at_each_call(
      {.prepare = [&](const fs::path& folder) { ASSERT_TRUE(write_dock_file(folder, {{.max_points = 10}})); },
       .work =
           [&](const fs::path& folder) { written = set_dock_limits(folder, {.max_points = 20}).has_value(); },
       .check =
           [&](const fs::path& folder) {
             const auto file = read_dock_file(folder);
             ASSERT_TRUE(file) << describe(file.error());
             EXPECT_TRUE(file->limits.max_points == 20 || (!written && file->limits.max_points == 10));
           }});
  EXPECT_TRUE(written);
}

/// It is not flushed: after a power cut it may be older than the catalogue, which is no fault, or missing.
TEST(PowerCutFiles, TheMarkOfTheCatalogueIsAnOldOneOrNone) {
  bool written = false;
  cut_power_at_each_call({.prepare =
                              [&](const fs::path& folder) {
                                ASSERT_TRUE(write_mark(folder, {{1, 2, 3}, 4}));
                              },
                          .work =
                              [&](const fs::path& folder) {
                                written = write_mark(folder, {{5, 6, 7}, 8}).has_value();
                              },
                          .check =
                              [&](const fs::path& folder) {
                                if (const auto mark = read_mark(folder)) {
                                  EXPECT_TRUE(mark->records == 4 || mark->records == 8);
                                }
                              }});
  EXPECT_TRUE(written);
}

}  // namespace
}  // namespace learndock::dock
