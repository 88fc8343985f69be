// The disk that loses what was not flushed, and this room's own writers on it.
#include "support/lossy_disk.hpp"

#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_copy.hpp"
#include "io/file_rights.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace learndock::io {
namespace {

namespace fs = std::filesystem;
using namespace learndock::testing;

enum class Flush { nothing, file };

void write(const fs::path& path, std::string_view bytes, Flush flush) {
  const Descriptor file(disk::open(path, O_WRONLY | O_CREAT, 0600));
  ASSERT_TRUE(write_all_at(file.get(), bytes, 0, path));
  if (flush == Flush::file) {
    ASSERT_TRUE(sync_file(file.get(), path));
  }
}

std::string text_in(const fs::path& path) { return read_file(path).value_or("(none)"); }

class LossyDiskTest : public ::testing::Test {
 protected:
  LossyDiskTest() {
    write(folder_ / "old", "old", Flush::nothing);
    write(folder_ / "renamed", "renamed", Flush::nothing);
    write(folder_ / "removed", "removed", Flush::nothing);
    disk_.emplace(folder_.path());
  }
  TemporaryFolder folder_;
  std::optional<LossyDisk> disk_;
};

TEST_F(LossyDiskTest, LosesBytesThatWereNotFlushed) {
  write(folder_ / "old", "OLD!", Flush::nothing);
  write(folder_ / "new", "new", Flush::nothing);
  ASSERT_TRUE(sync_directory(folder_.path()));
  disk_->power_cut();
  EXPECT_EQ(text_in(folder_ / "old"), "old");
  EXPECT_EQ(text_in(folder_ / "new"), "") << "its name was flushed";
}

TEST_F(LossyDiskTest, LosesNamesThatWereNotFlushed) {
  write(folder_ / "new", "new", Flush::file);
  ASSERT_TRUE(rename_file(folder_ / "renamed", folder_ / "other"));
  ASSERT_EQ(disk::remove(folder_ / "removed"), 0);
  ASSERT_EQ(disk::make_folder(folder_ / "folder", 0700), 0);
  write(folder_ / "folder" / "inside", "x", Flush::file);
  ASSERT_TRUE(sync_directory(folder_ / "folder"));
  disk_->power_cut();
  EXPECT_EQ(files_below(folder_.path()), (std::set<std::string>{"old", "renamed", "removed"}));
  EXPECT_EQ(text_in(folder_ / "renamed"), "renamed");
  EXPECT_EQ(text_in(folder_ / "removed"), "removed");
}

TEST_F(LossyDiskTest, KeepsWhatWasFlushed) {
  write(folder_ / "old", "OLD!", Flush::file);
  ASSERT_TRUE(rename_file(folder_ / "renamed", folder_ / "other"));
  ASSERT_EQ(disk::remove(folder_ / "removed"), 0);
  ASSERT_EQ(disk::make_folder(folder_ / "folder", 0700), 0);
  write(folder_ / "folder" / "inside", "x", Flush::file);
  ASSERT_TRUE(sync_directory(folder_ / "folder"));
  ASSERT_TRUE(sync_directory(folder_.path()));
  disk_->power_cut();
  EXPECT_EQ(files_below(folder_.path()), (std::set<std::string>{"old", "other", "folder/", "folder/inside"}));
  EXPECT_EQ(text_in(folder_ / "old"), "OLD!");
  EXPECT_EQ(text_in(folder_ / "other"), "renamed");
  EXPECT_EQ(text_in(folder_ / "folder" / "inside"), "x");
}

TEST_F(LossyDiskTest, NothingChangesOnceThePowerHasFailed) {
  disk_->fail_at(disk_->calls());
  const Descriptor file(disk::open(folder_ / "new", O_WRONLY | O_CREAT, 0600));
  EXPECT_LT(file.get(), 0);
  EXPECT_EQ(rename_file(folder_ / "old", folder_ / "new").error().code, ErrorCode::io);
  EXPECT_LT(disk::remove(folder_ / "old"), 0);
  EXPECT_TRUE(disk_->failed());
  EXPECT_EQ(text_in(folder_ / "old"), "old");
}

/// Two blocks and a name: each is found as it was and as it became, whatever became of the others.
TEST(LossyDisk, ADiskMayKeepAnyPartOfWhatWasNotFlushed) {
  constexpr std::size_t kBlock = 4096;
  std::set<std::string> found;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const TemporaryFolder folder;
    write(folder / "a", std::string(2 * kBlock, '0'), Flush::nothing);
    LossyDisk disk(folder.path());
    write(folder / "a", std::string(2 * kBlock, '1'), Flush::nothing);
    write(folder / "b", "", Flush::nothing);
    disk.power_cut(seed);
    const std::string bytes = text_in(folder / "a");
    ASSERT_EQ(bytes.size(), 2 * kBlock);
    found.insert({bytes[0], bytes[kBlock], fs::exists(folder / "b") ? 'b' : '-'});
  }
  EXPECT_EQ(found.size(), 8U);
}

TEST(LossyDisk, AnAtomicallyWrittenFileIsTheOldOrTheNewOne) {
  bool written = false;
  const std::size_t calls = cut_power_at_each_call(
      {.prepare = [&](const fs::path& folder) { ASSERT_TRUE(write_file_atomically(folder / "a", "old")); },
       .work =
           [&](const fs::path& folder) { written = write_file_atomically(folder / "a", "new").has_value(); },
       .check =
           [&](const fs::path& folder) {
             const std::string found = text_in(folder / "a");
             EXPECT_TRUE(found == "new" || (!written && found == "old")) << found;
           }});
  EXPECT_EQ(calls, 5U) << "create, write, flush, rename, flush the folder";
  EXPECT_TRUE(written);
}

TEST(LossyDisk, ACopyIsWholeOnceItsFolderIsFlushedToo) {
  const std::string bytes(300'000, 'x');
  bool copied = false;
  cut_power_at_each_call(
      {.prepare = [&](const fs::path& folder) { ASSERT_TRUE(write_file_atomically(folder / "a", bytes)); },
       .work =
           [&](const fs::path& folder) {
             copied = copy_file_durably(folder / "a", folder / "b").has_value() &&
                      sync_directory(folder).has_value();
           },
       .check =
           [&](const fs::path& folder) {
             EXPECT_EQ(text_in(folder / "a"), bytes);
             if (copied) {
               EXPECT_EQ(text_in(folder / "b"), bytes);
             }
           }});
  EXPECT_TRUE(copied);
}

/// Its name was never flushed: with it went everything that was written into it.
TEST(LossyDisk, ANewFolderAndItsParentsAreThereOnceMade) {
  bool made = false;
  cut_power_at_each_call({.prepare = [&](const fs::path&) { made = false; },
                          .work =
                              [&](const fs::path& folder) {
                                made = create_private_folder(folder / "a" / "b" / "c").has_value();
                              },
                          .check =
                              [&](const fs::path& folder) {
                                EXPECT_TRUE(!made || fs::is_directory(folder / "a" / "b" / "c"));
                              }});
  EXPECT_TRUE(made);
}

}  // namespace
}  // namespace learndock::io
