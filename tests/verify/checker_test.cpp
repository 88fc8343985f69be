#include "verify/checker.hpp"

#include "learndock/base/json.hpp"

#include "catalog/verification_jobs.hpp"
#include "verify_scene.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace learndock::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(const Report& report) {
  std::vector<std::string> all;
  for (const Check& check : report.checks) all.push_back(check.name);
  return all;
}

TEST(Checker, AGoodPackagePassesEveryCheck) {
  VerifyScene scene;
  const Report report = scene.check();
  EXPECT_EQ(report.outcome, catalog::Outcome::passed) << to_text(to_json(report));
  EXPECT_THAT(names(report), ElementsAre("structure", "specification", "near_copies", "environment", "load",
                                         "contract", "probes", "samples", "output", "determinism", "speed"));
  EXPECT_EQ(report.lock_text, "numpy==1.26.4\n");
  EXPECT_EQ(report.log, "warm\n");
  EXPECT_GT(report.figures->at("rows_per_second").get<double>(), 0);
  EXPECT_EQ(report.figures->at("peak_memory_bytes").get<int>(), 1 << 20);
  EXPECT_TRUE(testing::files_below(scene.folder / "scratch").empty()) << "nothing stays behind";
  const Json json = to_json(report);
  EXPECT_EQ(json.at("verdict"), "passed");
  EXPECT_TRUE(json.at("checks").at(0).at("passed").get<bool>());
}

/// A model with one fault, the check that finds it, and what that says.
struct Fault {
  const char* what;
  std::function<void(VerifyScene&)> change;
  const char* check;
  const char* says;
};

std::function<void(VerifyScene&)> answers(
    std::function<Result<runtime::Array>(const runtime::Array&)> predict) {
  return [predict = std::move(predict)](VerifyScene& scene) { scene.model.predict = predict; };
}

const Fault kFaults[] = {
    {"no manifest", [](VerifyScene& s) { s.files.erase("learnware.yaml"); }, "structure", "learnware.yaml"},
    {"a broken specification",
     [](VerifyScene& s) { s.files["stat_spec.json"] = R"({"z":[[1]],"beta":[1,2],"gamma":0.1})"; },
     "structure", "stat_spec.json"},
    {"no wheel",
     [](VerifyScene& s) {
       s.surroundings.prepare = [](const Unpacked&, std::stop_token) -> Result<Prepared> {
         return fail(ErrorCode::environment_failed, "no wheel of nonesuch");
       };
     },
     "environment", "no wheel of nonesuch"},
    {"an error while loading",
     [](VerifyScene& s) {
       s.model.load_error = {ErrorCode::model_load, "ModuleNotFoundError"};
     },
     "load", "ModuleNotFoundError"},
    {"another dimension", [](VerifyScene& s) { s.model.facts.input_shape = {3}; }, "contract",
     "takes 3 numbers, and the semantic specification says 2"},
    {"an image model of a table",
     [](VerifyScene& s) {
       s.model.facts.input_shape = {2, 2};
     },
     "contract", "rows of a table"},
    {"an error while predicting", answers([](const runtime::Array&) -> Result<runtime::Array> {
       return fail(ErrorCode::model_predict, "ValueError: no");
     }),
     "probes", "ValueError"},
    {"an error on its own distribution", answers([](const runtime::Array& x) -> Result<runtime::Array> {
       if (x.shape[0] == 100) return fail(ErrorCode::model_predict, "KeyError");
       return sign_of_first(x);
     }),
     "samples", "KeyError"},
    {"classes beyond those promised", answers([](const runtime::Array& x) -> Result<runtime::Array> {
       return floats({x.shape[0]}, std::vector<float>(x.shape[0], 2.0F));
     }),
     "output", "the classes 0 to 1"},
    {"half a class", answers([](const runtime::Array& x) -> Result<runtime::Array> {
       return floats({x.shape[0]}, std::vector<float>(x.shape[0], 0.5F));
     }),
     "output", "is 0.5"},
    {"another shape than the model says", answers([](const runtime::Array& x) -> Result<runtime::Array> {
       return floats({x.shape[0], 2}, std::vector<float>(2 * x.shape[0], 0.5F));
     }),
     "output", "the model says (1,)"},
    {"other answers each time",
     [](VerifyScene& s) {
       s.model.predict = [calls = 0](const runtime::Array& x) mutable -> Result<runtime::Array> {
         return floats({x.shape[0]}, std::vector<float>(x.shape[0], ++calls % 2 == 0 ? 1.0F : 0.0F));
       };
     },
     "determinism", "other answers the second time"},
    {"an unreadable validation file", [](VerifyScene& s) { s.files["validation.csv"] = "a,b\n1,2\n"; },
     "quality", "it has 2 columns"},
};

TEST(Checker, EachFaultIsFoundByItsCheck) {
  for (const Fault& fault : kFaults) {
    VerifyScene scene;
    fault.change(scene);
    const Report report = scene.check();
    EXPECT_EQ(report.outcome, catalog::Outcome::failed) << fault.what;
    ASSERT_FALSE(report.checks.empty()) << fault.what;
    EXPECT_EQ(report.checks.back().name, fault.check) << fault.what << ": " << report.checks.back().message;
    EXPECT_THAT(report.checks.back().message, HasSubstr(fault.says)) << fault.what;
    for (std::size_t i = 0; i + 1 < report.checks.size(); ++i) EXPECT_TRUE(report.checks[i].passed);
  }
}

TEST(Checker, FaultsOfTheMachineAreNoVerdict) {
  VerifyScene scene;
  scene.surroundings.prepare = [](const Unpacked&, std::stop_token) -> Result<Prepared> {
    return fail(ErrorCode::environment_tool, "the package index cannot be reached");
  };
  const auto zip = scene.write_package();
  const auto report = Checker(scene.surroundings).check({"p", zip, nullptr});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::environment_tool);
}

TEST(Checker, AStopIsNoVerdictAlsoWhenTheModelDiesOfIt) {
  VerifyScene scene;
  std::stop_source stop;
  scene.model.predict = [&](const runtime::Array&) -> Result<runtime::Array> {
    stop.request_stop();
    return fail(ErrorCode::model_died, "killed");
  };
  const auto zip = scene.write_package();
  const auto report = Checker(scene.surroundings).check({"p", zip, nullptr}, {}, stop.get_token());
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::unavailable);
}

TEST(Checker, ANearCopyIsNamed) {
  VerifyScene scene;
  scene.surroundings.nearest = [](const auto&, const std::string& name) -> Result<std::optional<NearCopy>> {
    EXPECT_EQ(name, "p.zip");
    return NearCopy{"00000012", 1e-9};
  };
  const Report report = scene.check();
  EXPECT_EQ(report.outcome, catalog::Outcome::passed);
  EXPECT_THAT(report.checks[2].message, HasSubstr("nearly that of learnware 00000012"));
  EXPECT_TRUE(report.checks[2].figures->at("near_copy").get<bool>());
}

TEST(Checker, TheOwnersFigureIsReproduced) {
  VerifyScene scene;
  scene.files["validation.csv"] = "a,b,label\n1,0,1\n-1,0,0\n2,0,0\n-2,5,0\n";
  const Report report = scene.check();
  EXPECT_EQ(report.outcome, catalog::Outcome::passed);
  EXPECT_EQ(report.checks.back().name, "quality");
  EXPECT_DOUBLE_EQ(report.checks.back().figures->at("accuracy").get<double>(), 0.75);
}

TEST(Checker, FoldersOfKilledProcessesGo) {
  VerifyScene scene;
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const auto dead = scene.folder / fmt::format("check-{}-0", gone),
             alive = scene.folder / fmt::format("check-{}-0", ::getpid());
  std::filesystem::create_directories(dead / "package");
  std::filesystem::create_directories(alive);
  remove_left_folders(scene.folder.path());
  EXPECT_TRUE(std::filesystem::exists(dead)) << "it is too young";
  remove_left_folders(scene.folder.path(), std::chrono::seconds(0));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(alive));
}

TEST(Checker, ALongLogIsCutBetweenLetters) {
  VerifyScene scene;
  scene.model.log.clear();
  while (scene.model.log.size() < 2 * catalog::kMostLogBytes) scene.model.log += "ä";
  const auto verdict = verdict_of(scene.check(), std::string(64, 'a'));
  EXPECT_EQ(verdict.log.size() % 2, 0u);
  EXPECT_LE(verdict.log.size(), catalog::kMostLogBytes);
}

}  // namespace
}  // namespace learndock::verify
