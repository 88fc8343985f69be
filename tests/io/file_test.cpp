#include "io/file.hpp"

#include "io/file_rights.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace learndock::io
