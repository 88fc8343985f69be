// Copies of a dock: whole also beside one that writes, compared with their manifest, and never over anything.
#include "learndock/base/json.hpp"

#include "dock/kept_dock.hpp"
#include "io/file.hpp"
#include "support/flip_bit.hpp"

#include <atomic>
#include <thread>

namespace learndock::dock {
namespace {

class Backup : public KeptDock {
 protected:
  [[nodiscard]] fs::path copy() const { return folder_ / "copy"; }
  [[nodiscard]] fs::path again() const { return folder_ / "again"; }
};

TEST_F(Backup, OfALiveDockComesBackWhole) {
  const auto opened = open();
  add(*opened, 0, 4);
  ASSERT_TRUE(opened->remove(LearnwareId::from_number(2)).has_value());
  const auto report = backup_dock(dock(), copy());
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->records, 3U);
  EXPECT_EQ(report->packages, 3U);
  EXPECT_EQ(report->linked, 3U);
  EXPECT_EQ(report->last_sequence, 4U);
  EXPECT_TRUE(report->problems.empty());
  add(*opened, 4, 6);
  const auto restored = restore_dock(copy(), again());
  ASSERT_TRUE(restored.has_value()) << describe(restored.error());
  EXPECT_EQ(restored->damages(), 0U) << text_of(*restored);
  const auto other = Dock::open(again());
  ASSERT_TRUE(other.has_value()) << describe(other.error());
  EXPECT_EQ(ids(**other), (std::vector<std::string>{"00000001", "00000003", "00000004"}));
  EXPECT_EQ((*other)->add_package(package(9))->id.text(), "00000005") << "and goes on from there";
  for (const fs::path& file : packages(again())) EXPECT_EQ(fs::hard_link_count(file), 1U) << file;
}

TEST_F(Backup, BesideAWriterEveryCopyIsWholeAndHasWhatWasAcknowledged) {
  const auto opened = open();
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> acknowledged{0};
  std::jthread writer([&] {
    for (std::uint64_t seed = 0; !stop; ++seed) {
      add(*opened, seed, seed + 1);
      acknowledged = seed + 1;
      if (seed % 3 == 2) static_cast<void>(opened->remove(LearnwareId::from_number(seed)));
    }
  });
  for (int round = 0; round < 4; ++round) {
    const fs::path to = folder_ / fmt::format("copy-{}", round);
    const std::uint64_t before = acknowledged;
    const auto report = backup_dock(dock(), to, {.copy = round % 2 == 1});
    ASSERT_TRUE(report.has_value()) << describe(report.error());
    EXPECT_TRUE(report->problems.empty()) << report->problems.front();
    EXPECT_GE(report->last_sequence, before);
    const auto checked = check_dock(to, {.packages = true, .threads = 1});
    ASSERT_TRUE(checked.has_value()) << describe(checked.error());
    EXPECT_EQ(checked->damages(), 0U) << text_of(*checked);
    for (const Finding& one : checked->findings)
      EXPECT_EQ(one.part, "index") << "nothing else is left out: " << one.what;
  }
  stop = true;
}

TEST_F(Backup, OfAnEmptyDockCouldNotBeRestored) {
  ASSERT_TRUE(backup_dock(dock(), copy()).has_value());
  const auto restored = restore_dock(copy(), again());
  ASSERT_TRUE(restored.has_value()) << describe(restored.error());
  EXPECT_TRUE(Dock::open(again()).has_value());
}

TEST_F(Backup, NothingIsOverwritten) {
  add(*open(), 0, 1);
  EXPECT_EQ(backup_dock(dock(), dock()).error().code, ErrorCode::conflict);
  ASSERT_TRUE(backup_dock(dock(), copy()).has_value());
  EXPECT_EQ(backup_dock(dock(), copy()).error().code, ErrorCode::conflict);
  EXPECT_EQ(restore_dock(copy(), dock()).error().code, ErrorCode::conflict);
  EXPECT_EQ(restore_dock(folder_ / "none", again()).error().code, ErrorCode::not_found);
  EXPECT_EQ(backup_dock(folder_ / "none", again()).error().code, ErrorCode::not_found);
}

TEST_F(Backup, ThatIsDamagedIsNotRestored) {
  add(*open(), 0, 2);
  ASSERT_TRUE(backup_dock(dock(), copy(), {.copy = true}).has_value());
  const fs::path file = packages(copy())[0];
  testing::flip_bit(file, 100, 1);
  EXPECT_EQ(restore_dock(copy(), again()).error().code, ErrorCode::backup_mismatch);
  EXPECT_FALSE(fs::exists(again() / "dock.json")) << "it is no dock";
  testing::flip_bit(file, 100, 1);
  fs::remove_all(again());
  ASSERT_TRUE(restore_dock(copy(), again()).has_value());
  fs::remove(file);
  fs::remove_all(again());
  EXPECT_EQ(restore_dock(copy(), again()).error().code, ErrorCode::backup_mismatch);
  EXPECT_EQ(package_count(), 2U);
  EXPECT_EQ(check().damages(), 0U);
}

TEST_F(Backup, WithAManifestThatLeadsElsewhereIsNotRestored) {
  add(*open(), 0, 1);
  ASSERT_TRUE(backup_dock(dock(), copy()).has_value());
  const std::string text = io::read_file(copy() / "manifest.json").value();
  for (const char* path :
       {"../outside", "/etc/passwd", "packages/ab/../../outside", "packages/..", "lock", ""}) {
    Json json = parse_json(text).value();
    json["files"][0]["path"] = path;
    ASSERT_TRUE(io::write_file_atomically(copy() / "manifest.json", to_text(json)));
    fs::remove_all(again());
    const auto refused = restore_dock(copy(), again());
    ASSERT_FALSE(refused.has_value()) << path;
    EXPECT_EQ(refused.error().code, ErrorCode::backup_mismatch) << path;
  }
  for (const char* broken : {"", "{}", "[]", "{\"kind\":\"learndock backup\",\"format\":1}"}) {
    ASSERT_TRUE(io::write_file_atomically(copy() / "manifest.json", broken));
    EXPECT_FALSE(restore_dock(copy(), again()).has_value()) << broken;
  }
}

TEST_F(Backup, OfADockThatHasLostAPackageSaysSo) {
  add(*open(), 0, 3);
  fs::remove(packages(dock())[0]);
  const auto report = backup_dock(dock(), copy());
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->problems.size(), 1U);
  EXPECT_EQ(report->packages, 2U);
}

}  // namespace
}  // namespace learndock::dock
