// Tables, CSV and .npy: what is read has as many values as rows and columns say.
#include "learndock/sketch/table.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace sketch = learndock::sketch;

namespace {

void check(const learndock::Result<sketch::Table>& table) {
  if (!table) return;
  const auto& values = table->values;
  if (values.rows() == 0 || values.cols() == 0 || values.values().size() != values.rows() * values.cols())
    std::abort();
  if (!table->columns.empty() && table->columns.size() != values.cols()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const sketch::TableOptions small{.label_column = {}, .max_values = 1 << 20};
  check(sketch::parse_csv(bytes, small));
  check(sketch::parse_csv(bytes, {.label_column = "label", .max_values = 1 << 20}));
  check(sketch::parse_npy(bytes, small));
  return 0;
}
