#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace learndock::dock {
namespace {

package::ModelEntry entry_of(std::string class_name, std::string module_path, Json kwargs) {
  package::ModelEntry entry;
  entry.class_name = std::move(class_name);
  entry.module_path = std::move(module_path);
  entry.kwargs = std::move(kwargs);
  return entry;
}

/// The text between `PACKAGE = json.loads(` and the end of its line, undone twice: what Python sees.
Json facts_in(const std::string& script) {
  const std::string start = "\nPACKAGE = json.loads(";
  const auto from = script.find(start);
  EXPECT_NE(from, std::string::npos);
  const auto begin = from + start.size();
  const auto end = script.find(")\n", begin);
  const Json literal = Json::parse(script.substr(begin, end - begin));
  return Json::parse(literal.get<std::string>());
}

TEST(UseScript, CarriesTheModelEntry) {
  const Json kwargs = {{"weights_file", "model.npz"}, {"depth", 3}, {"flag", true}, {"nothing", nullptr}};
  const auto facts =
      facts_in(use_script(entry_of("Forest", "__init__.py", kwargs), "00000042", "learnware.zip"));
  EXPECT_EQ(facts["learnware_id"], "00000042");
  EXPECT_EQ(facts["package_file"], "learnware.zip");
  EXPECT_EQ(facts["class_name"], "Forest");
  EXPECT_EQ(facts["module_path"], "__init__.py");
  EXPECT_EQ(facts["kwargs"], kwargs);
}

TEST(UseScript, KeepsHostileTextInsideOneStringLiteral) {
  const std::string hostile = "x\"); import os; os.system('id') #\n'''\"\"\"\\\r\u2028\U0001F600";
  const auto script = use_script(entry_of(hostile, hostile, {{hostile, hostile}}), hostile, hostile);
  const auto plain = use_script(entry_of("M", "m.py", Json::object()), "1", "p.zip");
  EXPECT_EQ(std::count(script.begin(), script.end(), '\n'), std::count(plain.begin(), plain.end(), '\n'))
      << "a line break of the input reached the script";
  EXPECT_TRUE(std::all_of(script.begin(), script.end(), [](char c) {
    return c == '\n' || (c >= ' ' && c <= '~');
  })) << "something else than printable ASCII reached the script";
  EXPECT_EQ(facts_in(script)["kwargs"][hostile], hostile);
  EXPECT_EQ(facts_in(script)["class_name"], hostile);
}

TEST(UseScript, ReadsKwargsThatAreNoMapAsNone) {
  EXPECT_EQ(facts_in(use_script(entry_of("M", "m.py", Json::array({1})), "1", "p.zip"))["kwargs"],
            Json::object());
}

TEST(UseScript, IsValidPythonForHostileNames) {
  if (std::system("python3 --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3 on this machine";
  const std::string hostile = "a\"\\\n\"\"\"'; raise SystemExit(9)\n#\U0001F600";
  const auto file = std::filesystem::path(::testing::TempDir()) / "learndock_use_script_test.py";
  std::ofstream(file) << use_script(entry_of(hostile, hostile, {{hostile, hostile}}), hostile, hostile);
  EXPECT_EQ(std::system(("python3 \"" + file.string() + "\" --help >/dev/null").c_str()), 0);
  std::filesystem::remove(file);
}

TEST(UseScript, ATorchScriptModelIsAFile) {
  package::ModelEntry entry;
  EXPECT_FALSE(facts_in(use_script(entry, "00000001", "p.zip")).contains("runtime"));
  entry.runtime = package::ModelRuntime::torchscript;
  entry.file = "net/model.pt";
  const Json facts = facts_in(use_script(entry, "00000001", "p.zip"));
  EXPECT_EQ(facts["runtime"], "torchscript");
  EXPECT_EQ(facts["file"], "net/model.pt");
}

}  // namespace
}  // namespace learndock::dock
