// Any bytes as YAML: refused, or a value that JSON can hold and read back, infinite numbers aside.
#include "learndock/base/json.hpp"

#include "package/manifest.hpp"
#include "package/yaml.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace learndock;
using namespace learndock::package;

namespace {

/// YAML's .inf and .nan are numbers, which JSON cannot write.
bool has_only_finite_numbers(const Json& value) {
  if (value.is_number_float()) return std::isfinite(value.get<double>());
  if (!value.is_structured()) return true;
  return std::all_of(value.begin(), value.end(), has_only_finite_numbers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = parse_yaml(text);
  const auto manifest = read_manifest(text, {});
  if (manifest && !value) std::abort();
  if (!value || !has_only_finite_numbers(*value)) return 0;
  const auto back = parse_json(to_text(*value), {std::size_t{64} << 20, 64});
  if (!back || *back != *value) std::abort();
  return 0;
}
