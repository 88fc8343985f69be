#include "learndock/sketch/table_blocks.hpp"

#include "base/utf8.hpp"
#include "sketch/table/cell_value.hpp"
#include "sketch/table/column_findings.hpp"
#include "sketch/table/csv_table.hpp"
#include "sketch/table/header.hpp"
#include "sketch/table/mapped_file.hpp"
#include "sketch/table/npy.hpp"
#include "sketch/table/unpack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace learndock::sketch {

/// One kind of input.
class TableBlocks::Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;
  virtual Result<Matrix<float>> next(std::size_t most) = 0;
  [[nodiscard]] virtual double done() const = 0;

  std::vector<std::size_t> sample;
  std::vector<std::string> columns;
  Warnings warnings;
  std::optional<std::size_t> rows;
};

namespace {

using Mapping = std::shared_ptr<const MappedFile>;

/// The first rows, by which the columns are judged.
constexpr std::size_t kLookedRows = 10'000, kLookedBytes = std::size_t{4} << 20;
/// Pages that were read are given back in steps of this length.
constexpr std::size_t kForgotten = std::size_t{64} << 20;

/// A table in memory, or a mapped one whose values are as they are needed.
class WholeSource : public TableBlocks::Source {
 public:
  explicit WholeSource(TableFile file) : file_(std::move(file)) {
    sample = {file_.values().cols()};
    columns = file_.columns();
    warnings = file_.warnings();
    rows = file_.values().rows();
  }
  Result<Matrix<float>> next(std::size_t most) override {
    const std::size_t count = std::min(most, *rows - at_);
    const auto block = file_.values().block(at_, count);
    Matrix<float> values(count, block.cols(), std::vector<float>(block.data(), block.data() + block.size()));
    at_ += count;
    LEARNDOCK_CHECK(file_.intact());
    return values;
  }
  [[nodiscard]] double done() const override { return static_cast<double>(at_) / static_cast<double>(*rows); }

 private:
  TableFile file_;
  std::size_t at_ = 0;
};

class NpySource : public TableBlocks::Source {
 public:
  NpySource(Mapping mapping, NpyArray array) : mapping_(std::move(mapping)), array_(std::move(array)) {
    sample = array_.sample;
    rows = array_.rows;
  }
  Result<Matrix<float>> next(std::size_t most) override {
    const std::size_t count = std::min(most, array_.rows - at_);
    Matrix<float> values(count, array_.cols);
    if (const float* const place = array_.in_place(); place != nullptr)
      std::copy_n(place + at_ * array_.cols, count * array_.cols, values.values().begin());
    else
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < array_.cols; ++c)
          values(r, c) = static_cast<float>(array_.element(at_ + r, c));
    LEARNDOCK_CHECK(mapping_->intact());
    at_ += count;
    if (!array_.fortran_order) mapping_->forget(at_ * array_.cols * array_.width);
    return values;
  }
  [[nodiscard]] double done() const override { return static_cast<double>(at_) / static_cast<double>(*rows); }

 private:
  Mapping mapping_;
  NpyArray array_;
  std::size_t at_ = 0;
};

/// What the first rows of a CSV say.
struct CsvPlan {
  std::vector<std::size_t> columns;  ///< the features, in their order
  std::vector<std::string> names;    ///< of all columns
  Warnings warnings;
};

/// The text up to the end of a record, some rows behind the header.
Result<std::string_view> beginning_of(std::string_view text, const Dialect& dialect) {
  CsvCells cells = dialect.cells();
  for (std::size_t row = 0; row < kLookedRows && cells.read_bytes() < kLookedBytes && cells.next_record();
       ++row)
    while (cells.more()) LEARNDOCK_CHECK(cells.cell());
  const auto before = static_cast<std::size_t>(dialect.text.data() - text.data());
  return text.substr(0, before + cells.read_bytes());
}

Result<CsvPlan> plan_of(std::string_view text, const Dialect& dialect, const TableOptions& options) {
  LEARNDOCK_TRY(const std::string_view beginning, beginning_of(text, dialect));
  LEARNDOCK_TRY(CsvHead head, read_csv_head(beginning, options));
  LEARNDOCK_TRY(CsvColumns look, read_csv_columns(std::move(head), options));
  ColumnFindings findings = find_in_columns(look.columns, options);
  if (findings.unusable) return Failure(*std::move(findings.unusable));
  CsvPlan plan;
  std::vector<std::size_t> order = look.choice.order;
  if (order.empty())
    for (std::size_t c = 0; c < look.columns.size(); ++c) order.push_back(c);
  std::copy_if(order.begin(), order.end(), std::back_inserter(plan.columns),
               [&](std::size_t c) { return look.columns[c].chosen; });
  if (plan.columns.empty())
    return fail(ErrorCode::table_column, "no column of numbers is left", "line 1", "leave fewer columns out");
  for (const ColumnProfile& column : look.columns) plan.names.push_back(column.name);
  plan.warnings = std::move(look.warnings);
  std::move(findings.warnings.begin(), findings.warnings.end(), std::back_inserter(plan.warnings));
  return plan;
}

class CsvBlocks : public TableBlocks::Source {
 public:
  CsvBlocks(Mapping mapping, DecodedText decoded, CsvPlan plan, char decimal, CsvCells cells)
      : mapping_(std::move(mapping)),
        decoded_(std::move(decoded)),
        cells_(std::move(cells)),
        names_(std::move(plan.names)),
        decimal_(decimal),
        place_(names_.size(), kNoPlace) {
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      place_[plan.columns[i]] = i;
      columns.push_back(names_[plan.columns[i]]);
    }
    sample = {plan.columns.size()};
    warnings = std::move(plan.warnings);
  }

  Result<Matrix<float>> next(std::size_t most) override {
    const std::size_t width = sample[0];
    std::vector<float> values;
    std::size_t count = 0;
    for (; count < most && cells_.next_record(); ++count) {
      values.resize((count + 1) * width);
      LEARNDOCK_CHECK(read_row(values.data() + count * width));
    }
    LEARNDOCK_CHECK(mapping_->intact());
    if (decoded_.copy.empty() && cells_.read_bytes() - forgotten_ > kForgotten) {
      forgotten_ = cells_.read_bytes();
      mapping_->forget(forgotten_);
    }
    return Matrix<float>(count, width, std::move(values));
  }
  std::size_t length = 0;  ///< of the text from the header on

  [[nodiscard]] double done() const override {
    return std::min(1.0, static_cast<double>(cells_.read_bytes()) /
                             static_cast<double>(std::max<std::size_t>(1, length)));
  }

 private:
  static constexpr std::size_t kNoPlace = std::numeric_limits<std::size_t>::max();

  Result<void> read_row(float* row) {
    std::size_t column = 0;
    for (; cells_.more(); ++column) {
      LEARNDOCK_TRY(const std::string_view cell, cells_.cell());
      if (column >= place_.size() || place_[column] == kNoPlace) continue;
      const CellValue value = value_of(cell, decimal_);
      if (value.kind != CellKind::number && value.kind != CellKind::missing)
        return fail(ErrorCode::table_cell,
                    fmt::format("the column \"{}\" has numbers at first, and here \"{}\"",
                                printable(names_[column], 40), printable(cell, 40)),
                    fmt::format("line {}", cells_.line()), "write a number, or leave the cell empty");
      row[place_[column]] = value.kind == CellKind::number ? static_cast<float>(value.number)
                                                           : std::numeric_limits<float>::quiet_NaN();
    }
    if (column == place_.size()) return {};
    return fail(ErrorCode::table_syntax,
                fmt::format("{} cells, and the lines before have {}", column, place_.size()),
                fmt::format("line {}", cells_.line()), "put cells that hold the delimiter in quotes");
  }

  Mapping mapping_;
  DecodedText decoded_;
  CsvCells cells_;
  std::vector<std::string> names_;
  char decimal_;
  std::vector<std::size_t> place_;  ///< of each column of the file among the features
  std::size_t forgotten_ = 0;
};

using Opened = Result<std::unique_ptr<TableBlocks::Source>>;

Opened open_csv(const Mapping& mapping, const TableOptions& options) {
  LEARNDOCK_CHECK(check_is_text(mapping->bytes(), options));
  LEARNDOCK_TRY(DecodedText decoded, decode(mapping->bytes(), options.encoding, options.source));
  if (!decoded.copy.empty() && decoded.copy.size() < 64)
    decoded.copy.reserve(64);  // a short text would be stored in the object itself, and move with it
  const std::string_view text = decoded.text();
  const Dialect dialect = find_dialect(text, options);
  LEARNDOCK_TRY(Header header, read_header(dialect, options));
  LEARNDOCK_TRY(CsvPlan plan, plan_of(text, dialect, options));
  mapping->forget(mapping->bytes().size());
  const std::size_t length = dialect.text.size();
  auto source = std::make_unique<CsvBlocks>(mapping, std::move(decoded), std::move(plan), dialect.decimal,
                                            std::move(header.rows));
  source->length = length;
  return source;
}

Opened open_whole(const std::filesystem::path& path, const TableOptions& options) {
  LEARNDOCK_TRY(TableFile file, TableFile::open(path, options));
  return std::make_unique<WholeSource>(std::move(file));
}

bool is_packed(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B") || bytes.starts_with("\x28\xB5\x2F\xFD");
}

Opened open_source(const std::filesystem::path& path, TableOptions options) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return open_whole(path, options);
  LEARNDOCK_TRY(const Mapping mapping, MappedFile::open(path));
  const std::string_view bytes = mapping->bytes();
  if (is_packed(bytes)) return open_whole(path, options);
  options.source = path.string();
  if (!chooses(options) || !bytes.starts_with(kNpyMagic))
    options.max_values = std::numeric_limits<std::size_t>::max();  // no more than a block is in memory
  if (!bytes.starts_with(kNpyMagic)) return open_csv(mapping, options);
  if (chooses(options)) return open_whole(path, options);
  LEARNDOCK_TRY(NpyArray array, npy_array(bytes, options, true));
  return std::make_unique<NpySource>(mapping, std::move(array));
}

}  // namespace

TableBlocks::TableBlocks(std::unique_ptr<Source> source) : source_(std::move(source)) {}
TableBlocks::~TableBlocks() = default;
TableBlocks::TableBlocks(TableBlocks&&) noexcept = default;
TableBlocks& TableBlocks::operator=(TableBlocks&&) noexcept = default;

Result<TableBlocks> TableBlocks::open(const std::filesystem::path& path, const TableOptions& options) {
  auto source = open_source(path, options);
  if (!source) return pass_on(std::move(source).error(), path.string());
  return TableBlocks(std::move(*source));
}

Result<Matrix<float>> TableBlocks::next(std::size_t most) { return source_->next(most); }
const std::vector<std::size_t>& TableBlocks::sample() const { return source_->sample; }
const std::vector<std::string>& TableBlocks::columns() const { return source_->columns; }
const Warnings& TableBlocks::warnings() const { return source_->warnings; }
std::optional<std::size_t> TableBlocks::rows() const { return source_->rows; }
double TableBlocks::done() const { return source_->done(); }

}  // namespace learndock::sketch
