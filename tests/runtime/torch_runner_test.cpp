// TorchScript models, where learndock-torch was built and a model can be made.
#include "runtime/torch_runner.hpp"

#include "learndock/base/json.hpp"

#include "io/file.hpp"
#include "sandbox/tool.hpp"
#include "support/plain_process.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

namespace learndock::runtime {
namespace {

using ::testing::HasSubstr;

class TorchRunner : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("PATH");
    ::setenv("PATH", (std::string(LEARNDOCK_PROGRAMS ":") + (path == nullptr ? "" : path)).c_str(), 1);
    if (!find_torch_program()) GTEST_SKIP() << "learndock-torch was not built: there is no LibTorch";
    model_.runtime = package::ModelRuntime::torchscript;
    model_.file = "model.pt";
    limits_.load = limits_.call = std::chrono::seconds(60);
    limits_.job.wall = std::chrono::seconds(120);
  }
  [[nodiscard]] Result<Array> predict(const Array& samples) const {
    LEARNDOCK_TRY(const auto runner,
                  torch_runner({"net", folder_.path(), model_}, limits_, sandbox::Protection::none,
                               learndock::testing::PlainProcess::start));
    return runner->predict(samples);
  }
  learndock::testing::TemporaryFolder folder_;
  package::ModelEntry model_;
  RunnerLimits limits_;
};

TEST_F(TorchRunner, AFileThatIsNoModelIsRefused) {
  ASSERT_TRUE(io::write_file_atomically(folder_ / "model.pt", "no model"));
  const auto answer = predict({ElementType::float32, {1, 1}, std::vector<std::byte>(4)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::model_load) << answer.error().message;
  EXPECT_THAT(answer.error().message, HasSubstr("net"));
}

TEST_F(TorchRunner, AModelAnswers) {
  // The program makes its own example: twice the input.
  sandbox::ToolCall call;
  call.command = {find_torch_program()->string(), "--make-example", (folder_ / "model.pt").string()};
  ASSERT_EQ(sandbox::run_tool(call).value().status, 0);
  Array samples{ElementType::float32, {2, 3}, {}};
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  samples.bytes.resize(24);
  std::memcpy(samples.bytes.data(), values.data(), 24);
  const auto answer = predict(samples);
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->shape, samples.shape);
  EXPECT_DOUBLE_EQ(element(*answer, 5), 12);
  samples.bytes[3] = std::byte{0x7F};  // not finite
  samples.bytes[2] = std::byte{0xC0};
  const auto odd = predict(samples);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, ErrorCode::model_contract);
}

}  // namespace
}  // namespace learndock::runtime
