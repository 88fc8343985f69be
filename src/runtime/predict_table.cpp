#include "runtime/predict_table.hpp"

#include "learndock/sketch/table_blocks.hpp"

#include "runtime/prediction_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace learndock::runtime {
namespace {

using Shape = std::vector<std::uint64_t>;

std::uint64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

/// The shape in which the model gets one row. Rows of a table that have as many numbers as an image that the
/// model reads are such images.
Result<Shape> sample_shape(const Shape& table, const Shape& model) {
  if (model.empty() || model == table) return table;
  const std::uint64_t have = product(table), want = product(model);
  if (have == want && table.size() == 1) return model;
  if (table.size() == 1 && model.size() == 1)
    return fail(ErrorCode::table_column,
                fmt::format("the model reads {} columns, and the table has {}", want, have), {},
                have > want ? "leave out what is no feature: --label NAME or --drop NAMES"
                            : "the table must have the columns that the learnware's description names");
  return fail(ErrorCode::table_column,
              fmt::format("the model reads samples of shape {}, and these have the shape {}", text_of(model),
                          text_of(table)));
}

Array array_of(const Matrix<float>& rows, const Shape& sample) {
  Array array{ElementType::float32, {rows.rows()}, {}};
  array.shape.insert(array.shape.end(), sample.begin(), sample.end());
  array.bytes.resize(rows.values().size() * sizeof(float));
  if (!array.bytes.empty()) std::memcpy(array.bytes.data(), rows.values().data(), array.bytes.size());
  return array;
}

std::size_t batch_rows(const PredictOptions& options, const Shape& sample) {
  if (options.batch_rows > 0) return options.batch_rows;
  const std::uint64_t row_bytes = std::max<std::uint64_t>(1, product(sample)) * sizeof(float);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(options.batch_bytes / row_bytes, 1, 1 << 16));
}

Failure at_row(Error error, std::uint64_t row) {
  if (row > 0) error.message += fmt::format(" (in the batch that begins with row {})", row);
  return Failure(std::move(error));
}

}  // namespace

Result<Predicted> predict_table(ModelRunner& runner, const std::filesystem::path& data,
                                const std::filesystem::path& out, const PredictOptions& options) {
  LEARNDOCK_TRY(sketch::TableBlocks table, sketch::TableBlocks::open(data, options.table));
  LEARNDOCK_TRY(const ModelFacts facts, runner.load());
  LEARNDOCK_TRY(const Shape sample,
                sample_shape(Shape(table.sample().begin(), table.sample().end()), facts.input_shape));
  LEARNDOCK_TRY(PredictionFile file, PredictionFile::create(out));
  Predicted result{0, {}, table.warnings(), facts.runtime};
  while (true) {
    if (options.stop.stop_requested()) return fail(ErrorCode::unavailable, "the prediction was stopped");
    auto rows = table.next(batch_rows(options, sample));
    if (!rows) return pass_on(std::move(rows).error(), data.string());
    if (rows->rows() == 0) break;
    auto answers = runner.predict(array_of(*rows, sample));
    if (!answers) return at_row(std::move(answers).error(), result.rows);
    LEARNDOCK_CHECK(file.append(*answers));
    result.rows = file.rows();
    result.answer_shape.assign(answers->shape.begin() + 1, answers->shape.end());
    if (options.progress) options.progress({result.rows, table.rows(), table.done()});
  }
  LEARNDOCK_CHECK(file.finish());
  return result;
}

}  // namespace learndock::runtime
