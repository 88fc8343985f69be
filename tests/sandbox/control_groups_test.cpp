#include "sandbox/control_groups.hpp"

#include "io/file.hpp"
#include "sandbox/sandbox_scene.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

namespace learndock::sandbox {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ControlGroups, NoneWhereNoneAreMounted) {
  const ControlGroups found = find_control_groups("proc /proc proc rw 0 0\n", "0::/\n");
  EXPECT_EQ(found.version, 0);
  EXPECT_TRUE(found.memory.empty());
  EXPECT_THAT(found.missing, HasSubstr("is mounted"));
}

TEST(ControlGroups, SaysWhyAGroupCannotBeMade) {
  // An ordinary folder takes a new folder, but the kernel puts no files into it.
  const testing::TemporaryFolder folder;
  const std::string mounts = "cgroup2 " + folder.path().string() + " cgroup2 rw,nosuid 0 0\n";
  const ControlGroups found = find_control_groups(mounts, "0::/system.slice/learndock.service\n");
  EXPECT_EQ(found.version, 0);
  EXPECT_THAT(found.missing, HasSubstr("has no pids.max"));
  EXPECT_TRUE(testing::files_below(folder.path()).empty()) << "the trial is removed";
}

TEST(ControlGroups, AJobSetsBothLimits) {
  const ControlGroups home{1, "/m", "/p", ""};
  Limits limits;
  limits.memory_bytes = 1000;
  limits.processes = 10;
  const std::vector<std::string> words = JobGroups(home, limits, {}).words();
  EXPECT_THAT(words, Contains("1000"));
  EXPECT_THAT(words, Contains("12")) << "bubblewrap has two processes of its own";
  EXPECT_THAT(JobGroups(home, limits, {Part::memory}).words(), Not(Contains("1000")));
  EXPECT_TRUE(JobGroups({}, limits, {}).words().empty());
}

TEST(ControlGroups, CountsWhatTheKernelTold) {
  const ControlGroups home{2, "/g", "/g", ""};
  const JobGroups groups(home, {}, {});
  const std::vector<std::string> words = groups.words();
  const std::string group = words.at(1);
  const auto counted =
      groups.counted({{group + "/memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 3\n"},
                      {group + "/memory.peak", "4096\n"},
                      {group + "/pids.events", "max 5\n"}});
  EXPECT_EQ(counted.kills, 3U);
  EXPECT_EQ(counted.peak_memory_bytes, 4096U);
  EXPECT_EQ(counted.refused_starts, 5U);
}

class GroupsOfThisHost : public SandboxTest {};

TEST_F(GroupsOfThisHost, AreGoneAfterTheJob) {
  const ControlGroups& home = control_groups();
  if (home.memory.empty()) GTEST_SKIP() << home.missing;
  const std::string own = "learndock-" + std::to_string(::getpid()) + "-";
  const auto count = [&] {
    int groups = 0;
    for (const auto& entry : std::filesystem::directory_iterator(home.memory))
      if (entry.path().filename().string().starts_with(own)) ++groups;
    return groups;
  };
  {
    const auto process = start(shell("sleep 60"));
    ASSERT_TRUE(process) << describe(process.error());
    EXPECT_EQ(count(), 1);
  }
  EXPECT_EQ(count(), 0);
}

}  // namespace
}  // namespace learndock::sandbox
