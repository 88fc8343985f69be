// Environments from a folder of small wheels: no network. What is installed is known without running any of
// it.
#include "runtime/environment.hpp"

#include "io/file.hpp"
#include "sandbox/tool.hpp"
#include "support/raw_zip.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sys/stat.h>
#include <thread>

namespace learndock::runtime {
namespace {

using namespace learndock::testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

class Environments : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(wheels());
    settings_.cache = folder_ / "cache";
    settings_.index_arguments = {"--no-index", "--find-links", wheels().string()};
    settings_.pythons = {"/usr/bin/python3"};
    if (!fs::exists("/usr/bin/python3"))
      settings_.pythons = {sandbox::find_program("python3").value_or("/nowhere")};
    add_wheel("numpy", "1.99", {{"numpy/__init__.py", "__version__ = '1.99'\n"}});
    add_wheel("tiny", "1.0", {{"tiny/__init__.py", "VALUE = 1\n"}});
    add_wheel("tiny", "2.0", {{"tiny/__init__.py", "VALUE = 2\n"}});
  }

  [[nodiscard]] fs::path wheels() const { return folder_ / "wheels"; }

  void write(const fs::path& path, const std::string& bytes) const {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  void add_wheel(const std::string& name, const std::string& version,
                 std::map<std::string, std::string> files) const {
    const std::string info = fmt::format("{}-{}.dist-info/", name, version);
    files[info + "METADATA"] = fmt::format("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", name, version);
    files[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    std::string record;
    for (const auto& [file, content] : files) record += file + ",,\n";
    files[info + "RECORD"] = record + info + "RECORD,,\n";
    RawZip zip;
    for (const auto& [file, content] : files) zip.entries.push_back(raw_file(file, content));
    write(wheels() / fmt::format("{}-{}-py3-none-any.whl", name, version), zip.bytes());
  }

  void program(const std::string& name, const std::string& text) const {
    write(folder_ / "tools" / name, "#!/bin/sh\n" + text);
    ASSERT_EQ(::chmod((folder_ / "tools" / name).c_str(), 0755), 0);
  }

  static bool has_uv() { return sandbox::find_program("uv").has_value(); }
  [[nodiscard]] bool has_pip() const {
    sandbox::ToolCall call;
    call.command = {settings_.pythons.front().string(), "-I", "-m", "pip", "--version"};
    const auto end = sandbox::run_tool(call);
    return end && end->status == 0;
  }

  [[nodiscard]] Result<Environment> prepare(std::vector<std::string> requirements) const {
    Needs needs;
    needs.file = "requirements.txt";
    needs.requirements = std::move(requirements);
    return prepare_environment(needs, settings_);
  }

  TemporaryFolder folder_;
  EnvironmentSettings settings_;
};

#define NEEDS_UV \
  if (!has_uv()) GTEST_SKIP() << "uv is not on this machine"

TEST_F(Environments, AreMadeOnceForTheSameNeeds) {
  NEEDS_UV;
  const auto first = prepare({"numpy", "tiny<2"});
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_EQ(first->way, "uv");
  EXPECT_FALSE(first->cached);
  EXPECT_THAT(first->lock, ElementsAre("numpy==1.99", "tiny==1.0"));
  sandbox::ToolCall call;
  call.command = {first->python.string(), "-I", "-c", "import tiny; print(tiny.VALUE)"};
  EXPECT_EQ(sandbox::run_tool(call).value().output, "1\n");
  const auto second = prepare({"tiny<2", "numpy"});
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->cached);
  EXPECT_EQ(second->folder, first->folder);
  EXPECT_EQ(second->lock, first->lock);
  EXPECT_EQ(second->digest(), first->digest());
  const auto other = prepare({"numpy", "tiny"});
  ASSERT_TRUE(other);
  EXPECT_NE(other->folder, first->folder);
  EXPECT_NE(other->digest(), first->digest());
}

TEST_F(Environments, AreMadeByPipWhereThereIsNoUv) {
  settings_.tools = folder_ / "tools";
  if (!has_pip()) GTEST_SKIP() << "pip is not on this machine";
  const auto environment = prepare({"numpy", "tiny==2.0"});
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_EQ(environment->way, "pip");
  EXPECT_THAT(environment->lock, ElementsAre("numpy==1.99", "tiny==2.0"));
}

TEST_F(Environments, WhatCannotBeInstalledLeavesNothing) {
  NEEDS_UV;
  const auto environment = prepare({"numpy", "not-there-at-all"});
  ASSERT_FALSE(environment);
  EXPECT_EQ(environment.error().code, ErrorCode::environment_failed);
  EXPECT_THAT(environment.error().message, HasSubstr("not-there-at-all"));
  EXPECT_EQ(environment.error().where, "requirements.txt");
  for (const std::string& file : files_below(settings_.cache))
    EXPECT_TRUE(file.ends_with(".lock") || file.starts_with("wheels")) << file;
}

TEST_F(Environments, NothingOfAPackageRunsWhileItIsInstalled) {
  NEEDS_UV;
  const fs::path mark = folder_ / "it_ran";
  const std::string code = fmt::format("open('{}', 'w').close()\n", mark.string());
  add_wheel("sly", "1.0", {{"sly/__init__.py", code}, {"sly.pth", "import sly\n"}});
  const auto environment = prepare({"numpy", "sly"});
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_THAT(environment->lock, Contains("sly==1.0"));
  EXPECT_TRUE(prepare({"numpy", "sly"})->cached);
  EXPECT_FALSE(fs::exists(mark));
  // The test would see it: the environment's own Python runs it at once.
  sandbox::ToolCall call;
  call.command = {environment->python.string(), "-I", "-c", "pass"};
  EXPECT_EQ(sandbox::run_tool(call).value().status, 0);
  EXPECT_TRUE(fs::exists(mark));
}

TEST_F(Environments, SourcesAreNotBuilt) {
  NEEDS_UV;
  const fs::path mark = folder_ / "it_ran", source = folder_ / "source/raw-1.0";
  write(source / "setup.py", fmt::format("open('{}', 'w').close()\n", mark.string()));
  write(source / "PKG-INFO", "Metadata-Version: 1.0\nName: raw\nVersion: 1.0\n");
  sandbox::ToolCall tar;
  tar.command = {
      "/bin/tar", "-czf", (wheels() / "raw-1.0.tar.gz").string(), "-C", source.parent_path().string(),
      "raw-1.0"};
  ASSERT_EQ(sandbox::run_tool(tar).value().status, 0);
  const auto environment = prepare({"numpy", "raw"});
  ASSERT_FALSE(environment);
  EXPECT_EQ(environment.error().code, ErrorCode::environment_failed);
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(Environments, TheLeastRecentlyUsedGoesBeyondTheLimit) {
  NEEDS_UV;
  settings_.cache_bytes = 1;
  fs::path first;
  {
    const auto environment = prepare({"numpy", "tiny<2"});
    ASSERT_TRUE(environment) << describe(environment.error());
    first = environment->folder;
    ASSERT_TRUE(prepare({"numpy", "tiny"}));
    EXPECT_TRUE(fs::exists(first)) << "it is in use";
  }
  ASSERT_TRUE(prepare({"numpy"}));
  EXPECT_FALSE(fs::exists(first));
  EXPECT_TRUE(prepare({"numpy", "tiny<2"})) << "it is made again";
}

TEST_F(Environments, AreMadeByOneOfManyCallers) {
  NEEDS_UV;
  std::vector<Result<Environment>> made(4, fail(ErrorCode::internal, "not asked"));
  std::vector<std::thread> threads;
  for (auto& one : made) threads.emplace_back([&] { one = prepare({"numpy", "tiny"}); });
  for (std::thread& thread : threads) thread.join();
  int fresh = 0;
  for (const auto& one : made) {
    ASSERT_TRUE(one) << describe(one.error());
    EXPECT_EQ(one->folder, made.front()->folder);
    fresh += one->cached ? 0 : 1;
  }
  EXPECT_EQ(fresh, 1);
}

TEST_F(Environments, AKilledMakersRestIsTidiedUp) {
  NEEDS_UV;
  write(settings_.cache / "0123.building/half", "x");
  ASSERT_TRUE(prepare({"numpy"}));
  EXPECT_FALSE(fs::exists(settings_.cache / "0123.building"));
}

TEST_F(Environments, TheSystemsPackagesDoWhereTheyMeetAllNeeds) {
  settings_.use_system_packages = true;
  settings_.tools = folder_ / "tools";
  program("python",
          "case \"$*\" in *importlib*) echo '{\"version\":\"3.9.1\",\"prefix\":\"/usr\",\"executable\":"
          "\"/usr/bin/python3.9\",\"unmet\":[],\"lock\":[\"numpy==1.24.2\"]}';; *) exit 1;; esac\n");
  settings_.pythons = {folder_ / "tools/python"};
  const auto environment = prepare({"numpy>=1.19"});
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_EQ(environment->way, "packages of the system");
  EXPECT_TRUE(environment->folder.empty());
  EXPECT_EQ(environment->python_inside(), "/usr/bin/python3.9");
  EXPECT_THAT(environment->bindings(), IsEmpty());
  EXPECT_THAT(environment->lock, ElementsAre("numpy==1.24.2"));
  EXPECT_FALSE(fs::exists(settings_.cache));
}

TEST_F(Environments, ARealPythonIsAskedForItsPackages) {
  NEEDS_UV;
  settings_.use_system_packages = true;
  const auto environment = prepare({"numpy", "tiny"});
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_EQ(environment->way, "uv");
  EXPECT_THAT(environment->notes, Contains(HasSubstr("the system's own packages do not do")));
}

TEST_F(Environments, WithoutAnInstallerTheMessageSaysWhatToInstall) {
  settings_.tools = folder_ / "tools";
  program("python",
          "case \"$*\" in *importlib*) echo '{\"version\":\"3.9.1\",\"prefix\":\"/usr\",\"executable\":"
          "\"/usr/bin/false\",\"unmet\":[],\"lock\":[]}';; *) exit 1;; esac\n");
  settings_.pythons = {folder_ / "tools/python"};
  const auto environment = prepare({"numpy"});
  ASSERT_FALSE(environment);
  EXPECT_EQ(environment.error().code, ErrorCode::environment_tool);
  EXPECT_THAT(environment.error().fix, HasSubstr("pip install uv"));
}

TEST_F(Environments, AnotherPythonThanAskedForIsSaid) {
  NEEDS_UV;
  Needs needs;
  needs.requirements = {"numpy"};
  needs.python = PythonVersion{3, 99};
  const auto environment = prepare_environment(needs, settings_);
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_THAT(environment->notes, Contains(HasSubstr("asks for Python 3.99")));
}

TEST_F(Environments, VersionsOfCondaThatHaveNoWheelAreGivenUpAndSaid) {
  NEEDS_UV;
  settings_.tools = folder_ / "tools";
  fs::create_directories(*settings_.tools);
  fs::create_symlink(*sandbox::find_program("uv"), *settings_.tools / "uv");
  Needs needs;
  needs.file = "environment.yaml";
  needs.conda = {"numpy=1.19"};
  needs.conda_requirements = {"numpy==1.19.*"};
  needs.left_out = {"mkl"};
  const auto environment = prepare_environment(needs, settings_);
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_THAT(environment->lock, ElementsAre("numpy==1.99"));
  EXPECT_THAT(environment->notes, Contains(HasSubstr("others were taken")));
  EXPECT_THAT(environment->left_out, ElementsAre("mkl"));
}

TEST_F(Environments, ACondaToolMakesWhatACondaFileAsksFor) {
  NEEDS_UV;
  settings_.tools = folder_ / "tools";
  fs::create_directories(*settings_.tools);
  fs::create_symlink(*sandbox::find_program("uv"), *settings_.tools / "uv");
  program("micromamba", fmt::format("echo \"$@\" > {0}/asked\nexec \"{1}\" -I -m venv --without-pip \"$4\"\n",
                                    folder_.path().string(), settings_.pythons.front().string()));
  Needs needs;
  needs.conda = {"python=3.8", "numpy=1.19"};
  needs.channels = {"conda-forge"};
  needs.python = PythonVersion{3, 8};
  needs.requirements = {"tiny==1.0"};
  needs.conda_requirements = {"numpy==1.19.*"};
  const auto environment = prepare_environment(needs, settings_);
  ASSERT_TRUE(environment) << describe(environment.error());
  EXPECT_EQ(environment->way, "micromamba and uv");
  EXPECT_THAT(environment->lock, ElementsAre("tiny==1.0"));
  EXPECT_THAT(io::read_file(folder_ / "asked").value(),
              HasSubstr("--override-channels --channel conda-forge python=3.8 numpy=1.19"));
}

TEST(Tool, IsKilledWithAllThatItStarted) {
  const TemporaryFolder folder;
  sandbox::ToolCall call;
  call.command = {"/bin/sh", "-c", "echo begun; sleep 100 & sleep 100"};
  call.patience = std::chrono::milliseconds(300);
  const auto end = sandbox::run_tool(call);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::timeout);
}

TEST(Tool, SaysHowItEndedAndWhatItPrinted) {
  sandbox::ToolCall call;
  call.command = {"/bin/sh", "-c", "echo out; echo err >&2; cat; exit 5"};
  const auto end = sandbox::run_tool(call);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 5);
  EXPECT_EQ(end->output, "out\nerr\n");
  call.command = {"/nowhere/program"};
  EXPECT_EQ(sandbox::run_tool(call).error().code, ErrorCode::environment_tool);
}

}  // namespace
}  // namespace learndock::runtime
