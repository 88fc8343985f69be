#include "io/file.hpp"

#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/disk_watch.hpp"
#include "io/file_rights.hpp"
#include "io/temporary_file.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace learndock::io {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() { std::filesystem::create_directories(folder_); }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("learndock_file_test_" + std::to_string(::getpid()));
};

TEST_F(FileTest, WritesReplacesAndLeavesNoTemporary) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file_atomically(path, "one").has_value());
  ASSERT_TRUE(write_file_atomically(path, "two").has_value());
  EXPECT_EQ(read_file(path).value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, WritesThoughADeadProcessOfTheSameNumberLeftItsTemporaries) {
  const auto path = folder_ / "a";
  for (int count = 0; count < 50; ++count)
    std::ofstream(path.string() + "." + std::to_string(::getpid()) + "." + std::to_string(count) + ".tmp");
  const auto written = write_file_atomically(path, "new");
  ASSERT_TRUE(written.has_value()) << describe(written.error());
  EXPECT_EQ(read_file(path).value(), "new");
}

TEST_F(FileTest, AFileIsItsOwnersWhateverTheUmaskUnlessItIsTheUsers) {
  const mode_t before = ::umask(022);
  ASSERT_TRUE(write_file_atomically(folder_ / "owner", "x"));
  ASSERT_TRUE(write_user_file(folder_ / "shared", "x"));
  ASSERT_TRUE(create_private_folder(folder_ / "parents" / "private"));
  ::umask(before);
  const auto mode = [&](const std::filesystem::path& path) {
    return static_cast<unsigned>(std::filesystem::status(folder_ / path).permissions());
  };
  EXPECT_EQ(mode("owner"), 0600U);
  EXPECT_EQ(mode("shared"), 0644U);
  EXPECT_EQ(mode("parents"), 0755U);
  EXPECT_EQ(mode("parents/private"), 0700U);
  std::filesystem::permissions(folder_ / "parents" / "private", std::filesystem::perms(0750));
  ASSERT_TRUE(create_private_folder(folder_ / "parents" / "private"));
  EXPECT_EQ(mode("parents/private"), 0750U) << "what its owner chose stays";
  EXPECT_FALSE(create_private_folder(folder_ / "owner")) << "a file is there";
}

TEST_F(FileTest, SaysWhatIsWrong) {
  EXPECT_EQ(read_file(folder_ / "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(folder_).error().code, ErrorCode::io);
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "12345").has_value());
  EXPECT_EQ(read_file(folder_ / "a", 4).error().code, ErrorCode::too_large);
  const auto written = write_file_atomically(folder_ / "none" / "a", "x");
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
  EXPECT_EQ(written.error().where, (folder_ / "none" / "a").string()) << "not the temporary's name";
}

TEST_F(FileTest, BareNamesAreInTheCurrentFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const auto made = create_private_folder("private"), shared = create_user_folder("user/inner");
  const auto flushed = sync_directory(std::filesystem::path("private").parent_path());
  const auto written = write_file_atomically("a", "x");
  const auto blocked = create_user_folder("a");
  std::filesystem::current_path(before);
  EXPECT_TRUE(made.has_value() && shared.has_value() && flushed.has_value() && written.has_value());
  EXPECT_FALSE(blocked.has_value()) << "a file is there";
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "user" / "inner"));
  EXPECT_EQ(folder_above("a"), ".");
  EXPECT_EQ(folder_above("b/a"), "b");
}

TEST_F(FileTest, ALockedTemporaryIsNoLeftoverWhileItsWriterLives) {
  const auto tmp = folder_ / "tmp";
  ASSERT_TRUE(create_private_folder(tmp) && write_file_atomically(tmp / "99999.0", "left"));
  {
    auto living = TemporaryFile::locked_in(tmp);
    ASSERT_TRUE(living && living->append("whole"));
    for (const auto& item : std::filesystem::directory_iterator(tmp))
      EXPECT_TRUE(TemporaryFile::remove_leftover(item.path()).has_value());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tmp), {}), 1);
    ASSERT_TRUE(living->become(folder_ / "a").has_value());
    auto given_up = TemporaryFile::locked_in(tmp);
    ASSERT_TRUE(given_up && given_up->append("half"));
  }
  EXPECT_EQ(read_file(folder_ / "a").value(), "whole");
  EXPECT_TRUE(std::filesystem::is_empty(tmp));
  EXPECT_TRUE(TemporaryFile::remove_leftover(tmp / "gone").has_value());
}

class RefusingDisk final : public DiskWatch {
 public:
  RefusingDisk() { watch_disk(this); }
  ~RefusingDisk() override { watch_disk(nullptr); }
  [[nodiscard]] int before(DiskCall) override { return ENOSPC; }
  void sync(int) override {}
};

TEST_F(FileTest, RemovingReservingAndRightsPassTheDoor) {
  const auto file = folder_ / "a", tree = folder_ / "tree";
  ASSERT_TRUE(write_file_atomically(file, "x") && create_private_folder(tree / "inner"));
  const Descriptor open(disk::open(file, O_WRONLY));
  {
    const RefusingDisk full;
    EXPECT_TRUE(disk::remove_any(file) && disk::remove_tree(tree));
    EXPECT_EQ(disk::reserve(open.get(), 4096), -1);
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(disk::set_mode(open.get(), 0600), -1);
  }
  EXPECT_TRUE(std::filesystem::exists(file) && std::filesystem::exists(tree / "inner"));
  EXPECT_EQ(disk::reserve(open.get(), 4096), 0);
  EXPECT_EQ(std::filesystem::file_size(file), 4096u);
  EXPECT_EQ(disk::set_mode(open.get(), 0640), 0);
  EXPECT_TRUE(disk::remove_any(tree)) << "it is not empty";
  EXPECT_FALSE(disk::remove_any(file) || disk::remove_tree(tree) || disk::remove_any(file));
  EXPECT_FALSE(std::filesystem::exists(tree));
}

}  // namespace
}  // namespace learndock::io
