// Models of Python in a process of their own, as a plain child and in the sandbox: what works, and every way
// in which a model fails.
#include "runtime/python_runner.hpp"

#include "learndock/base/json.hpp"

#include "io/file.hpp"
#include "sandbox/layers.hpp"
#include "sandbox/tool.hpp"
#include "support/plain_process.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <span>

namespace learndock::runtime {
namespace {

using namespace learndock::testing;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// A model that does what the first number of a batch says.
constexpr const char* kModule = R"(
import os, signal, sys, time
import numpy as np
from learnware.model import BaseModel
from learnware.model.base import BaseModel as Same
from .inner.weights import load
assert BaseModel is Same

class Model(BaseModel):
    def __init__(self, factor=2.0, input_shape=(3,), output_shape=(1,)):
        super().__init__(input_shape, output_shape)
        assert isinstance(self.input_shape, tuple)
        self.weights = load() * factor
        print("made", self.input_shape, self.output_shape)

    def predict(self, X):
        print("a line on standard output")
        what = int(X[0, 0]) if X.size else 0
        if what == 101: raise ValueError("no such flower")
        if what == 102: return ["setosa"] * len(X)
        if what == 103: return None
        if what == 104: return X.sum(axis=1) * np.nan
        if what == 105: return X.sum(axis=1)[:-1]
        if what == 106: return X
        if what == 107: time.sleep(1000)
        if what == 108: os._exit(3)
        if what == 109: os.kill(os.getpid(), signal.SIGSEGV)
        if what == 110: os.write(4, b"nonsense")
        if what == 111: return 7.0
        if what == 112: return np.array([1 + 2j] * len(X))
        if what == 113: sys.exit("enough")
        if what == 114: return [[1], [2, 3]][:len(X)]
        if what == 115: os.close(4); time.sleep(1000)
        if what == 201: return [1] * len(X)
        if what == 202: return np.array([1.5] * len(X), dtype=object)
        if what == 203: return (X.sum(axis=1) > 0).reshape(-1, 1)
        if what == 204: return np.arange(len(X), dtype=">u4")
        return X @ self.weights
)";
constexpr const char* kWeights =
    "import os\nimport numpy as np\n"
    "def load():\n"
    "    with open(os.path.join(os.path.dirname(__file__), 'w.txt')) as file:\n"
    "        return np.array([float(x) for x in file.read().split()])\n";

enum class Way { plain, sandboxed };

class PythonRunner : public ::testing::TestWithParam<Way> {
 protected:
  static void SetUpTestSuite() {
    EnvironmentSettings settings;
    settings.use_system_packages = true;
    settings.tools = "/nowhere";
    Needs needs;
    needs.requirements = {"numpy"};
    auto environment = prepare_environment(needs, settings);
    if (environment && environment->folder.empty()) environment_ = std::move(*environment);
  }

  void SetUp() override {
    if (!environment_) GTEST_SKIP() << "no Python of this machine has numpy";
    if (GetParam() == Way::sandboxed && sandbox::missing_layer() != nullptr)
      GTEST_SKIP() << "no sandbox here: " << sandbox::missing_layer()->detail;
    write("__init__.py", kModule);
    write("inner/__init__.py", "");
    write("inner/weights.py", kWeights);
    write("inner/w.txt", "1 10 100");
    limits_.job.wall = std::chrono::seconds(120);
    limits_.load = limits_.call = std::chrono::seconds(30);
  }

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    ASSERT_TRUE(io::write_file_atomically(folder_ / name, text, 0644));
  }

  std::unique_ptr<ModelRunner> runner() {
    const bool plain = GetParam() == Way::plain;
    const Starter start = [this, plain](const sandbox::Job& job) {
      ++starts_;
      return plain ? PlainProcess::start(job) : sandbox::start(job);
    };
    return python_runner({"petals", folder_.path(), model_, *environment_}, limits_,
                         plain ? sandbox::Protection::none : sandbox::Protection::full, start);
  }

  static Array batch(std::vector<float> values, std::uint64_t rows) {
    Array array{ElementType::float32, {rows, values.size() / std::max<std::uint64_t>(1, rows)}, {}};
    const auto bytes = std::as_bytes(std::span(values));
    array.bytes.assign(bytes.begin(), bytes.end());
    return array;
  }
  /// Two rows of which the first begins with a number.
  static Array asking(float what) { return batch({what, 0, 0, 1, 2, 3}, 2); }
  static std::vector<double> numbers(const Array& array) {
    std::vector<double> all;
    for (std::size_t i = 0; i < array.bytes.size() / size_of(array.type); ++i)
      all.push_back(element(array, i));
    return all;
  }
  static Error error_of(const Result<Array>& answer) {
    return answer ? Error{ErrorCode::internal, "it was answered"} : answer.error();
  }

  static std::optional<Environment> environment_;
  TemporaryFolder folder_;
  package::ModelEntry model_;
  RunnerLimits limits_;
  int starts_ = 0;
};
std::optional<Environment> PythonRunner::environment_;

INSTANTIATE_TEST_SUITE_P(Ways, PythonRunner, ::testing::Values(Way::plain, Way::sandboxed),
                         [](const auto& way) { return way.param == Way::plain ? "Plain" : "Sandboxed"; });

TEST_P(PythonRunner, LoadsAPackageAsTheReferenceDoes) {
  model_.kwargs = Json{{"factor", 0.5}, {"input_shape", {3}}, {"output_shape", {1}}};
  const auto runner = this->runner();
  const auto facts = runner->load();
  ASSERT_TRUE(facts) << describe(facts.error());
  EXPECT_EQ(facts->input_shape, (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(facts->output_shape, (std::vector<std::uint64_t>{1}));
  EXPECT_THAT(facts->runtime, ContainsRegex("python 3\\.[0-9]+\\.[0-9]+, numpy [12]\\."));
  const auto answer = runner->predict(batch({1, 0, 0, 1, 2, 3}, 2));
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(numbers(*answer), (std::vector<double>{0.5, 160.5}));
  EXPECT_EQ(starts_, 1);
}

TEST_P(PythonRunner, FindsAModuleInAFolder) {
  write("net/model.py",
        "from . import more\nfrom ..inner.weights import load\nclass Net:\n"
        "    def predict(self, X):\n        return X @ load() + more.BIAS\n");
  write("net/more.py", "BIAS = 1\n");
  model_.module_path = "net/model.py";
  model_.class_name = "Net";
  const auto answer = runner()->predict(asking(1));
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(numbers(*answer), (std::vector<double>{2, 322}));
}

TEST_P(PythonRunner, AnswersOfManyTypesAreArrays) {
  const auto runner = this->runner();
  const auto is = [&](float what, ElementType type, std::vector<double> values) {
    const auto answer = runner->predict(asking(what));
    ASSERT_TRUE(answer) << what << describe(answer.error());
    EXPECT_EQ(answer->type, type) << what;
    EXPECT_EQ(numbers(*answer), values) << what;
  };
  is(201, ElementType::int64, {1, 1});
  is(202, ElementType::float64, {1.5, 1.5});
  is(203, ElementType::boolean, {1, 1});
  is(204, ElementType::int64, {0, 1});
}

TEST_P(PythonRunner, WrongAnswersAreRefusedAndNameTheLearnware) {
  const auto runner = this->runner();
  const std::pair<float, const char*> cases[] = {
      {102, "setosa"},     {103, "returned None"},   {104, "is nan"},     {105, "1 answers to 2 samples"},
      {106, "\\(2, 3\\)"}, {111, "a single number"}, {112, "no numbers"}, {114, "no array"}};
  for (const auto& [what, words] : cases) {
    const Error error = error_of(runner->predict(asking(what)));
    EXPECT_EQ(error.code, ErrorCode::model_contract) << what << ": " << error.message;
    EXPECT_THAT(error.message, ContainsRegex(words));
    EXPECT_THAT(error.message, HasSubstr("learnware petals"));
  }
  EXPECT_TRUE(runner->predict(asking(1)));
  EXPECT_EQ(starts_, 1) << "a model that answers is not started again";
}

TEST_P(PythonRunner, AnErrorOfTheModelIsToldInItsOwnWords) {
  const auto runner = this->runner();
  const Error error = error_of(runner->predict(asking(101)));
  EXPECT_EQ(error.code, ErrorCode::model_predict);
  EXPECT_THAT(error.message,
              ContainsRegex("ValueError: no such flower \\(__init__.py line [0-9]+, in predict\\)"));
  EXPECT_EQ(error_of(runner->predict(asking(113))).code, ErrorCode::model_predict);
  EXPECT_TRUE(runner->predict(asking(1)));
}

TEST_P(PythonRunner, WhatCannotBeLoadedIsToldOnce) {
  const auto load = [&](const std::string& text) {
    write("__init__.py", text);
    const auto facts = runner()->load();
    return facts ? Error{ErrorCode::internal, "it was loaded"} : facts.error();
  };
  const std::pair<const char*, const char*> cases[] = {
      {"import not_there\nclass Model: pass\n", "No module named 'not_there'"},
      {"def f(:\n", "SyntaxError"},
      {"class Other: pass\n", "no class 'Model'"},
      {"class Model: pass\n", "no method predict"},
      {"class Model:\n    def __init__(self): raise OSError('weights')\n", "weights"}};
  for (const auto& [text, words] : cases) {
    const Error error = load(text);
    EXPECT_EQ(error.code, ErrorCode::model_load) << text;
    EXPECT_THAT(error.message, HasSubstr(words));
    EXPECT_THAT(error.message, HasSubstr("petals"));
  }
}

TEST_P(PythonRunner, AHangingModelIsEnded) {
  limits_.call = std::chrono::milliseconds(500);
  const auto runner = this->runner();
  ASSERT_TRUE(runner->load());
  const auto before = std::chrono::steady_clock::now();
  const Error error = error_of(runner->predict(asking(107)));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
  EXPECT_EQ(error.code, ErrorCode::model_hung);
  EXPECT_THAT(error.message, HasSubstr("petals"));
  EXPECT_EQ(runner->last_end().cause, sandbox::Cause::cancelled);
}

TEST_P(PythonRunner, AModelThatDiesIsStartedAgainThreeTimes) {
  const auto runner = this->runner();
  const Error exited = error_of(runner->predict(asking(108)));
  EXPECT_EQ(exited.code, ErrorCode::model_died);
  EXPECT_THAT(exited.message, HasSubstr("exit code 3"));
  EXPECT_TRUE(runner->predict(asking(1)));
  const Error crashed = error_of(runner->predict(asking(109)));
  EXPECT_EQ(crashed.code, ErrorCode::model_died);
  EXPECT_THAT(crashed.message, HasSubstr("signal 11"));
  EXPECT_EQ(error_of(runner->predict(asking(108))).code, ErrorCode::model_died);
  EXPECT_TRUE(runner->predict(asking(1)));
  EXPECT_EQ(error_of(runner->predict(asking(108))).code, ErrorCode::model_died);
  const Error last = error_of(runner->predict(asking(1)));
  EXPECT_EQ(last.code, ErrorCode::model_died);
  EXPECT_THAT(last.message, HasSubstr("not started again"));
  EXPECT_EQ(starts_, 4);
}

TEST_P(PythonRunner, BytesThatAreNoFrameAreRefused) {
  const auto runner = this->runner();
  EXPECT_EQ(error_of(runner->predict(asking(110))).code, ErrorCode::model_contract);
  EXPECT_TRUE(runner->predict(asking(1)));
  EXPECT_EQ(starts_, 2);
}

TEST_P(PythonRunner, AModelThatClosesItsAnswersIsNotWaitedFor) {
  const auto runner = this->runner();
  ASSERT_TRUE(runner->load());
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of(runner->predict(asking(115))).code, ErrorCode::model_died);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_P(PythonRunner, AStoppedModelStartsWhenItIsNeeded) {
  const auto runner = this->runner();
  ASSERT_TRUE(runner->load());
  runner->stop();
  EXPECT_TRUE(runner->predict(asking(1)));
  EXPECT_EQ(starts_, 2);
}

TEST_P(PythonRunner, LargeAndEmptyBatches) {
  const auto runner = this->runner();
  const auto answer = runner->predict(batch(std::vector<float>(3'000'000, 0.5F), 1'000'000));
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->shape[0], 1'000'000U);
  EXPECT_DOUBLE_EQ(element(*answer, 999'999), 111);
  EXPECT_TRUE(runner->predict({ElementType::float32, {0, 3}, {}}));
}

TEST_P(PythonRunner, ModelsOfScikitLearn) {
  sandbox::ToolCall call;
  call.command = {environment_->python.string(), "-I", "-c",
                  "import pickle, sys, joblib, numpy as np\n"
                  "from sklearn.linear_model import LogisticRegression\n"
                  "X = np.array([[0., 0, 0], [1, 1, 1]] * 10)\n"
                  "model = LogisticRegression().fit(X, [0, 1] * 10)\n"
                  "joblib.dump(model, sys.argv[1] + '/model.joblib')\n"
                  "pickle.dump(model, open(sys.argv[1] + '/model.pkl', 'wb'))\n",
                  folder_.path().string()};
  const auto made = sandbox::run_tool(call);
  ASSERT_TRUE(made);
  if (made->status != 0) GTEST_SKIP() << "no scikit-learn here";
  for (const char* load : {"joblib.load(path + '.joblib')", "pickle.load(open(path + '.pkl', 'rb'))"}) {
    write("__init__.py",
          fmt::format("import os, pickle, joblib\nfrom learnware.model import BaseModel\n"
                      "class Model(BaseModel):\n    def __init__(self):\n"
                      "        super().__init__((3,), (1,))\n"
                      "        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'model')\n"
                      "        self.model = {}\n"
                      "    def predict(self, X):\n        return self.model.predict(X)\n",
                      load));
    const auto answer = runner()->predict(batch({0, 0, 0, 1, 1, 1}, 2));
    ASSERT_TRUE(answer) << describe(answer.error());
    EXPECT_EQ(numbers(*answer), (std::vector<double>{0, 1}));
  }
}

}  // namespace
}  // namespace learndock::runtime
