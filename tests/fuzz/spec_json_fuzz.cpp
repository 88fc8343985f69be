// JSON specifications, statistical and semantic: what is read is valid, and reads itself back.
#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/semantic.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace learndock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto read = specification::from_json_text(text)) {
    if (!specification::validate(*read)) std::abort();
    const auto again = specification::from_json_text(specification::to_json_text(*read));
    if (!again || again->points != read->points || again->weights != read->weights) std::abort();
  }
  if (const auto read = specification::semantic_from_json_text(text)) {
    const auto again = specification::semantic_from_json(specification::semantic_to_json(*read));
    if (!again || *again != *read) std::abort();
  }
  return 0;
}
