// How a file is read: kind, packing, encoding, dialect, header, columns. The first byte picks the options;
// the rest is the file. Whatever is found out, saying it gives the same table.
#include "learndock/sketch/table.hpp"

#include "sketch/table/dialect.hpp"
#include "sketch/table/foreign_format.hpp"
#include "sketch/table/text_encoding.hpp"
#include "sketch/table/unpack.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sketch = learndock::sketch;

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr std::size_t kLongestMessage = 16'384;

void check_message(const learndock::Error& error) {
  if (error.message.size() + error.where.size() + error.fix.size() > kLongestMessage) std::abort();
}

sketch::TableOptions options_of(std::uint8_t bits) {
  sketch::TableOptions options;
  options.max_values = kMostBytes;
  options.numeric_only = (bits & 1U) != 0;
  if ((bits & 2U) != 0) options.drop = {"#1"};
  if ((bits & 4U) != 0) options.header = (bits & 8U) != 0;
  if ((bits & 16U) != 0) options.decimal = (bits & 32U) != 0 ? ',' : '.';
  if ((bits & 64U) != 0) options.label_column = "label";
  if ((bits & 128U) != 0) options.columns = {"a", "#2"};
  return options;
}

/// A table is within what was known of it before its rows were read, and before anything was.
void check_extents(std::string_view bytes, const sketch::Table& table, const sketch::TableOptions& options) {
  auto source = sketch::CsvSource::open(bytes, options);
  if (!source) std::abort();
  const sketch::TableExtent bound = source->bound();
  const auto extent = source->read_header();
  if (!extent || extent->values < table.values.values().size()) std::abort();
  if (bound.values < extent->values || bound.columns < extent->columns) std::abort();
  if (bound.decoded_bytes < extent->decoded_bytes) std::abort();
}

/// Saying what was found out changes nothing.
void check_said(std::string_view bytes, const sketch::Table& table, sketch::TableOptions options) {
  const auto decoded = sketch::decode(bytes, options.encoding, options.source);
  if (!decoded) std::abort();
  const sketch::Dialect dialect = sketch::find_dialect(decoded->text(), options);
  options.encoding = decoded->encoding;
  options.delimiter = dialect.delimiter;
  options.decimal = dialect.decimal;
  const auto said = sketch::parse_csv(bytes, options);
  if (!said || said->values.rows() != table.values.rows() || said->columns != table.columns) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const sketch::TableOptions options = options_of(data[0]);
  const auto table = sketch::parse_csv(bytes, options);
  if (!table) check_message(table.error());
  if (table) check_extents(bytes, *table, options);
  if (table) check_said(bytes, *table, options);
  const auto content = sketch::unpack(bytes, kMostBytes, options.source);
  if (content && *content && (*content)->size() > kMostBytes) std::abort();
  const auto array = sketch::parse_npy(bytes, options);
  if (!array) check_message(array.error());
  return 0;
}
