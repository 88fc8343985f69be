#include "learndock/specification/codec.hpp"

namespace learndock::specification {

Result<RkmeSpecification> from_bytes(std::string_view bytes) {
  return bytes.starts_with(kBinaryMagic) ? from_binary(bytes) : from_json_text(bytes);
}

}  // namespace learndock::specification
