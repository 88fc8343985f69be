// Any bytes as an archive: it is refused, or every entry unpacks to its declared length or is refused too.
#include "archive/path_rules.hpp"
#include "archive/zip_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace learndock;
using namespace learndock::archive;

namespace {

archive::ArchiveLimits small_limits() {
  archive::ArchiveLimits limits;
  limits.max_file_bytes = limits.max_expanded_bytes = 1 << 20;
  limits.max_entries = 1000;
  limits.ratio_allowance = 1 << 16;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto opened = ZipArchive::open(memory_source(bytes), small_limits());
  if (!opened) return 0;
  std::uint64_t packed = 0;
  for (const ZipEntry& entry : opened->entries()) {
    std::uint64_t unpacked = 0;
    const auto done = opened->extract(entry, [&](std::string_view piece) -> Result<void> {
      unpacked += piece.size();
      return {};
    });
    if (unpacked > entry.bytes || (done && unpacked != entry.bytes)) std::abort();
    packed += entry.packed_bytes;
    // A stored name stays inside the package and is its own stored name.
    const auto again = stored_path(entry.name, {});
    if (!again || *again != entry.name) std::abort();
  }
  if (packed > size) std::abort();  // entries would share bytes
  return 0;
}
