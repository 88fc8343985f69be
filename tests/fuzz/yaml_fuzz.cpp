// Any bytes as YAML: refused, or a value that JSON can hold and read back.
#include "learndock/base/json.hpp"

#include "package/manifest.hpp"
#include "package/yaml.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace learndock;
using namespace learndock::package;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = parse_yaml(text);
  const auto manifest = read_manifest(text, {});
  if (manifest && !value) std::abort();
  if (!value) return 0;
  const auto back = parse_json(to_text(*value), {std::size_t{64} << 20, 64});
  if (!back || *back != *value) std::abort();
  return 0;
}
