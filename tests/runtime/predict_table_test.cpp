// Whole tables through a model: all rows, in their order, in files that appear only when they are complete.
#include "runtime/predict_table.hpp"

#include "io/file.hpp"
#include "runtime/prediction_file.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace learndock::runtime {
namespace {

using namespace learndock::testing;
using ::testing::HasSubstr;

/// Adds the numbers of each row; counts the batches.
class Adder : public ModelRunner {
 public:
  Result<ModelFacts> load() override { return facts; }
  Result<Array> predict(const Array& samples) override {
    shapes.push_back(samples.shape);
    if (shapes.size() == failing) return fail(ErrorCode::model_predict, "learnware adder: enough");
    const std::uint64_t rows = samples.shape[0],
                        width = samples.bytes.size() / 4 / std::max<std::uint64_t>(1, rows);
    std::vector<double> sums;
    for (std::uint64_t r = 0; r < rows; ++r) {
      sums.push_back(0);
      for (std::uint64_t c = 0; c < width; ++c) sums.back() += element(samples, r * width + c);
    }
    Array answer{ElementType::float64, {rows}, {}};
    answer.bytes.resize(8 * rows);
    std::memcpy(answer.bytes.data(), sums.data(), answer.bytes.size());
    return answer;
  }
  void stop() override {}
  [[nodiscard]] const sandbox::Ended& last_end() const override { return ended_; }

  ModelFacts facts{{2}, std::vector<std::uint64_t>{1}, "test"};
  std::vector<std::vector<std::uint64_t>> shapes;
  std::size_t failing = 0;

 private:
  sandbox::Ended ended_;
};

class PredictTable : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  static std::string npy(const std::string& shape, const std::vector<float>& values) {
    std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", shape);
    header.resize(117, ' ');
    header += '\n';
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header +
           std::string(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  }
  [[nodiscard]] std::string text_of_file(const std::string& name) const {
    auto bytes = io::read_file(folder_ / name);
    return bytes ? *bytes : describe(bytes.error());
  }
  Result<Predicted> predict(const std::string& data, const std::string& out,
                            const PredictOptions& options = {}) {
    return predict_table(adder_, folder_ / data, folder_ / out, options);
  }
  TemporaryFolder folder_;
  Adder adder_;
};

TEST_F(PredictTable, AnswersEachRowInItsPlace) {
  std::string csv = "a,b,label\n";
  std::string wanted = "prediction\n";
  for (int i = 0; i < 1000; ++i) {
    csv += fmt::format("{},{},x\n", i, i + 0.5);
    wanted += fmt::format("{}\n", i + i + 0.5);
  }
  write("t.csv", csv);
  PredictOptions options;
  options.table.label_column = "label";
  options.batch_rows = 64;
  std::vector<PredictProgress> progress;
  options.progress = [&](const PredictProgress& now) { progress.push_back(now); };
  const auto predicted = predict("t.csv", "out.csv", options);
  ASSERT_TRUE(predicted) << describe(predicted.error());
  EXPECT_EQ(predicted->rows, 1000U);
  EXPECT_EQ(text_of_file("out.csv"), wanted);
  EXPECT_EQ(adder_.shapes.size(), 16U);
  ASSERT_EQ(progress.size(), 16U);
  EXPECT_EQ(progress.back().rows, 1000U);
  EXPECT_DOUBLE_EQ(progress.back().done, 1);
  EXPECT_LT(progress.front().done, 0.2);
}

TEST_F(PredictTable, ReadsAndWritesArrays) {
  write("t.npy", npy("(3, 2)", {1, 2, 3, 4, 5, 6}));
  PredictOptions options;
  options.batch_rows = 2;
  const auto predicted = predict("t.npy", "out.npy", options);
  ASSERT_TRUE(predicted) << describe(predicted.error());
  const std::string out = text_of_file("out.npy");
  ASSERT_EQ(out.size(), 512U + 24);
  EXPECT_THAT(out.substr(0, 512), HasSubstr("'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"));
  std::vector<double> sums(3);
  std::memcpy(sums.data(), out.data() + 512, 24);
  EXPECT_EQ(sums, (std::vector<double>{3, 7, 11}));
}

TEST_F(PredictTable, RowsBecomeTheShapeThatTheModelReads) {
  write("images.npy", npy("(2, 2, 3)", std::vector<float>(12, 1)));
  adder_.facts.input_shape = {2, 3};
  ASSERT_TRUE(predict("images.npy", "out.csv"));
  write("flat.npy", npy("(2, 6)", std::vector<float>(12, 1)));
  ASSERT_TRUE(predict("flat.npy", "out.csv"));
  EXPECT_EQ(adder_.shapes[0], (std::vector<std::uint64_t>{2, 2, 3}));
  EXPECT_EQ(adder_.shapes[1], (std::vector<std::uint64_t>{2, 2, 3}));
}

TEST_F(PredictTable, AnotherNumberOfColumnsIsToldBeforeAnythingIsPredicted) {
  write("t.csv", "a,b,c\n1,2,3\n");
  const auto predicted = predict("t.csv", "out.csv");
  ASSERT_FALSE(predicted);
  EXPECT_EQ(predicted.error().code, ErrorCode::table_column);
  EXPECT_THAT(predicted.error().message, HasSubstr("reads 2 columns, and the table has 3"));
  EXPECT_THAT(predicted.error().fix, HasSubstr("--label"));
  EXPECT_TRUE(adder_.shapes.empty());
}

TEST_F(PredictTable, AFailureLeavesNoFile) {
  write("t.csv", "a,b\n1,2\n3,4\n5,6\n");
  PredictOptions options;
  options.batch_rows = 1;
  adder_.failing = 2;
  const auto predicted = predict("t.csv", "out.csv", options);
  ASSERT_FALSE(predicted);
  EXPECT_EQ(predicted.error().code, ErrorCode::model_predict);
  EXPECT_THAT(predicted.error().message, HasSubstr("row 1"));
  EXPECT_EQ(files_below(folder_.path()), (std::set<std::string>{"t.csv"}));
  std::stop_source stop;
  stop.request_stop();
  options.stop = stop.get_token();
  EXPECT_FALSE(predict("t.csv", "out.csv", options));
  EXPECT_EQ(files_below(folder_.path()), (std::set<std::string>{"t.csv"}));
}

TEST_F(PredictTable, ACellThatTurnsIntoWordsIsNamedByItsLine) {
  std::string csv = "a,b\n";
  for (int i = 0; i < 12'000; ++i) csv += "1,2\n";
  write("t.csv", csv + "1,lots\n");
  const auto predicted = predict("t.csv", "out.csv");
  ASSERT_FALSE(predicted);
  EXPECT_EQ(predicted.error().code, ErrorCode::table_cell);
  EXPECT_THAT(predicted.error().where, HasSubstr("line 12002"));
  write("ragged.csv", csv + "1,2,3\n");
  const auto ragged = predict("ragged.csv", "out.csv");
  ASSERT_FALSE(ragged);
  EXPECT_EQ(ragged.error().code, ErrorCode::table_syntax);
}

TEST_F(PredictTable, AnswersOfSeveralNumbersHaveAColumnEach) {
  auto file = PredictionFile::create(folder_ / "out.csv");
  ASSERT_TRUE(file);
  Array answers{ElementType::float32, {2, 2}, {}};
  const std::vector<float> values = {0.25F, 0.75F, 1e-7F, 1};
  answers.bytes.resize(16);
  std::memcpy(answers.bytes.data(), values.data(), 16);
  ASSERT_TRUE(file->append(answers));
  answers.shape = {4, 1};
  EXPECT_EQ(file->append(answers).error().code, ErrorCode::model_contract);
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(text_of_file("out.csv"), "output_0,output_1\n0.25,0.75\n1e-07,1\n");
}

}  // namespace
}  // namespace learndock::runtime
