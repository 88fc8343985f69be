// Binary specifications. The checksum is set right on a copy, since mutation alone would never get past it.
#include "learndock/specification/codec.hpp"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void read_and_write_back(const std::string& bytes) {
  using namespace learndock::specification;
  const auto read = from_binary(bytes);
  if (!read) return;
  const auto again = from_binary(to_binary(*read));
  if (!validate(*read) || !again || *again != *read) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  read_and_write_back(bytes);
  std::uint32_t checksum = 0;
  if (size < sizeof checksum) return 0;
  checksum = static_cast<std::uint32_t>(crc32_z(0, data, size - sizeof checksum));
  std::memcpy(bytes.data() + size - sizeof checksum, &checksum, sizeof checksum);
  read_and_write_back(bytes);
  return 0;
}
