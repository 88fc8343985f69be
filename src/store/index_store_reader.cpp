#include "store/index_store_reader.hpp"

#include "io/file.hpp"
#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::store {
namespace {

/// Each means that the writer committed at least twice while the files of one version were opened.
constexpr int kAttempts = 100;

Result<std::shared_ptr<const Segment>> open_named(const std::filesystem::path& directory,
                                                  const ManifestFile& file) {
  auto segment = Segment::open(directory / file.name);
  if (!segment) return segment;
  const SegmentInfo& info = (*segment)->info();
  if (info.header_checksum != file.header_checksum || info.items != file.items)
    return fail(ErrorCode::corrupt,
                fmt::format("this is another segment than the manifest names: checksum {:08x} and {} items, "
                            "named are {:08x} and {}",
                            info.header_checksum, info.items, file.header_checksum, file.items),
                (*segment)->path().string(), std::string(kReindex));
  return segment;
}

IndexVersion unusable(std::uint64_t number, Error reason) {
  if (reason.fix.empty()) reason.fix = kReindex;
  IndexVersion version{number, {}, {}};
  version.rebuild_needed.push_back(std::move(reason));
  return version;
}

/// Without a manifest a folder is new, or lost it.
Result<IndexVersion> without_manifest(const std::filesystem::path& directory) {
  LEARNDOCK_TRY(const std::vector<std::uint64_t> numbers, index_file_numbers(directory));
  std::error_code error;
  const bool previous = std::filesystem::exists(directory / kPreviousFile, error);
  if (error) return Failure(io::system_error(error.value(), "inspect", directory / kPreviousFile));
  if (numbers.empty() && !previous) return IndexVersion{};
  return unusable(0, {ErrorCode::corrupt, "the index has files but no manifest",
                      (directory / kManifestFile).string(), std::string(kReindex)});
}

}  // namespace

IndexVersion load_version(const std::filesystem::path& directory, const Manifest& manifest) {
  IndexVersion version{manifest.version, {manifest.covers, {}, manifest.options, manifest.kernels}, {}};
  const auto reason = [&](Error error) {
    if (error.fix.empty()) error.fix = kReindex;
    version.rebuild_needed.push_back(std::move(error));
  };
  for (const ManifestFile& file : manifest.segments) {
    auto segment = open_named(directory, file);
    if (segment)
      version.content.segments.push_back(std::move(*segment));
    else
      reason(std::move(segment).error());
  }
  // Half an index must not be answered from by mistake.
  if (!version.rebuild_needed.empty()) version.content.segments.clear();
  return version;
}

Result<std::vector<std::uint64_t>> index_file_numbers(const std::filesystem::path& directory) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  std::filesystem::directory_iterator item(directory, error);
  for (; !error && item != std::filesystem::directory_iterator(); item.increment(error))
    if (const auto number = index_file_number(item->path().filename().string())) numbers.push_back(*number);
  if (error && error != std::errc::no_such_file_or_directory)
    return Failure(io::system_error(error.value(), "list", directory));
  return numbers;
}

Result<IndexVersion> read_index(const std::filesystem::path& directory, KernelsCheck readable) {
  const std::filesystem::path path = directory / kManifestFile;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto text = io::read_file(path, kMaxManifestBytes);
    if (!text && text.error().code == ErrorCode::not_found) return without_manifest(directory);
    if (!text && text.error().code == ErrorCode::too_large) return unusable(0, text.error());
    if (!text) return Failure(text.error());
    const auto manifest = parse_manifest(*text, readable);
    if (!manifest) return unusable(0, pass_on(manifest.error(), path.string()).value());
    IndexVersion version = load_version(directory, *manifest);
    if (version.rebuild_needed.empty()) return version;
    // A file may be missing because two commits came between: then the manifest is another one now.
    const auto again = io::read_file(path, kMaxManifestBytes);
    if (again && *again == *text) return version;
  }
  return fail(ErrorCode::unavailable,
              fmt::format("the index changed {} times while it was being opened", kAttempts),
              directory.string(), "try again");
}

}  // namespace learndock::store
