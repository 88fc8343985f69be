#include "verify/quality.hpp"

#include "learndock/base/json.hpp"
#include "learndock/sketch/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace learndock::verify {
namespace {

constexpr std::size_t kMostRows = 20'000;
constexpr std::size_t kMostColumns = 10'000;

struct Labelled {
  runtime::Array samples;
  std::vector<double> answers;
};

std::size_t answer_column(const sketch::Table& table) {
  const auto named = std::find(table.columns.begin(), table.columns.end(), "label");
  return named == table.columns.end() ? table.values.cols() - 1
                                      : static_cast<std::size_t>(named - table.columns.begin());
}

/// @errors table_*, too_large, invalid_argument (another number of features)
Result<Labelled> read_labelled(const std::filesystem::path& csv, std::size_t features) {
  sketch::TableOptions options;
  options.source = kValidationFile;
  options.header = true;
  options.max_values = kMostRows * (features + 1);
  options.max_columns = kMostColumns;
  options.max_unpacked_bytes = 0;
  LEARNDOCK_TRY(const sketch::Table table, sketch::read_table(csv, options));
  if (table.values.cols() != features + 1)
    return fail(ErrorCode::invalid_argument,
                fmt::format("it has {} columns; {} features and the answer are {}", table.values.cols(),
                            features, features + 1));
  const std::size_t answer = answer_column(table);
  Labelled labelled;
  std::vector<float> values;
  for (std::size_t row = 0; row < table.values.rows(); ++row) {
    labelled.answers.push_back(table.values(row, answer));
    for (std::size_t column = 0; column < table.values.cols(); ++column)
      if (column != answer) values.push_back(table.values(row, column));
  }
  const auto finite = [](auto value) { return std::isfinite(value); };
  if (!std::all_of(values.begin(), values.end(), finite) ||
      !std::all_of(labelled.answers.begin(), labelled.answers.end(), finite))
    return fail(ErrorCode::invalid_argument, "it has missing cells");
  labelled.samples.shape = {table.values.rows(), features};
  labelled.samples.bytes.resize(values.size() * sizeof(float));
  std::memcpy(labelled.samples.bytes.data(), values.data(), labelled.samples.bytes.size());
  return labelled;
}

double accuracy(const std::vector<double>& wanted, const std::vector<double>& found) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) right += wanted[i] == found[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(wanted.size());
}

double root_mean_square(const std::vector<double>& wanted, const runtime::Array& found) {
  double sum = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double away = runtime::element(found, i) - wanted[i];
    sum += away * away;
  }
  return std::sqrt(sum / static_cast<double>(wanted.size()));
}

Check check_of(bool passed, std::string message, Json figures) {
  return {check_name::kQuality, passed, std::move(message), JsonValue(std::move(figures))};
}

}  // namespace

Result<Check> check_quality(const std::filesystem::path& csv, const Promise& promise, std::size_t features,
                            const runtime::ModelFacts& facts, runtime::ModelRunner& runner) {
  const auto labelled = read_labelled(csv, features);
  if (!labelled)
    return check_of(false, fmt::format("{} cannot be used: {}", kValidationFile, labelled.error().message),
                    Json::object());
  LEARNDOCK_TRY(const runtime::Array found, runner.predict(labelled->samples));
  if (const std::string fault = fault_of_answers(found, promise, facts); !fault.empty())
    return check_of(false, fmt::format("on {}: {}", kValidationFile, fault), Json::object());
  const std::size_t rows = labelled->answers.size();
  if (promise.task == Promise::Task::classification) {
    const double figure = accuracy(labelled->answers, classes_of(found));
    return check_of(true,
                    fmt::format("accuracy {:.4f} on {} samples of the owner (the owner's own figure, "
                                "reproduced here)",
                                figure, rows),
                    {{"accuracy", figure}, {"rows", rows}});
  }
  if (promise.task != Promise::Task::regression || promise.outputs != 1)
    return check_of(true, "the model answers its owner's samples; there is no figure for this task",
                    {{"rows", rows}});
  const double figure = root_mean_square(labelled->answers, found);
  return check_of(true,
                  fmt::format("root mean square error {:.6g} on {} samples of the owner (the owner's own "
                              "figure, reproduced here)",
                              figure, rows),
                  {{"rmse", figure}, {"rows", rows}});
}

}  // namespace learndock::verify
