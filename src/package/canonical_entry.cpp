#include "package/canonical_entry.hpp"

#include "base/utf8.hpp"
#include "text/unicode.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::package {
namespace {

/// Limits that the canonical form of every accepted package keeps: entries are stored uncompressed, a
/// semantic specification may have been added, and the manifest is written out.
archive::ArchiveLimits canonical_limits(archive::ArchiveLimits limits) {
  constexpr std::uint64_t kEntryOverhead = 256;  // local and central header, zip64 fields
  limits.max_entries += 1;
  limits.max_expanded_bytes += limits.max_spec_bytes + limits.max_yaml_bytes;
  limits.max_file_bytes =
      std::max<std::uint64_t>({limits.max_file_bytes, limits.max_spec_bytes, limits.max_yaml_bytes});
  limits.max_archive_bytes = limits.max_expanded_bytes +
                             limits.max_entries * (2 * limits.max_path_bytes + kEntryOverhead) +
                             kEntryOverhead;
  return limits;
}

}  // namespace

Result<CanonicalPackage> CanonicalPackage::open(const std::filesystem::path& zip,
                                                const archive::ArchiveLimits& limits) {
  LEARNDOCK_TRY(std::shared_ptr<const archive::ByteSource> source, archive::open_file_source(zip));
  LEARNDOCK_TRY(archive::ZipArchive opened,
                archive::ZipArchive::open(std::move(source), canonical_limits(limits)));
  return CanonicalPackage(std::move(opened));
}

Result<std::string> CanonicalPackage::read(const std::string& entry, std::size_t max_bytes) const {
  const auto& entries = archive_.entries();
  const std::string name =
      text::to_nfc(entry).value_or(entry);  // records of older docks may spell it otherwise
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const archive::ZipEntry& e) { return e.name == name; });
  if (found == entries.end() || found->directory)
    return fail(ErrorCode::not_found, "the package holds no such file", printable(entry));
  if (found->bytes > max_bytes)
    return fail(ErrorCode::too_large,
                fmt::format("the file has {} bytes, at most {} were asked for", found->bytes, max_bytes),
                printable(entry));
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(found->bytes));
  LEARNDOCK_CHECK(archive_.extract(*found, [&](std::string_view piece) -> Result<void> {
    bytes.append(piece);
    return {};
  }));
  return bytes;
}

Result<std::string> read_entry(const std::filesystem::path& zip, const std::string& entry,
                               std::size_t max_bytes, const archive::ArchiveLimits& limits) {
  LEARNDOCK_TRY(const CanonicalPackage package, CanonicalPackage::open(zip, limits));
  return package.read(entry, max_bytes);
}

}  // namespace learndock::package
