#include "store/index_store_manifest.hpp"

#include "learndock/base/json.hpp"

#include "base/number.hpp"
#include "io/crc32c.hpp"
#include "io/file.hpp"
#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <limits>
#include <set>

namespace learndock::store {
namespace {

constexpr std::string_view kFirstWord = "learndock-index";
/// A manifest with kernels has the second: a program that does not know them would compare segments of one
/// kernel with learnwares of another.
constexpr int kFormat = 1, kFormatWithKernels = 2;
constexpr std::string_view kSuffix = ".lds";
constexpr std::size_t kNumberDigits = 16;

Failure damaged_manifest(std::string message) {
  return fail(ErrorCode::corrupt, std::move(message), {}, std::string(kReindex));
}

/// "learndock-index 1 LENGTH CHECKSUM\n"; the checksum covers what stands before it and the body.
std::string first_line(std::string_view format, std::string_view body) {
  const std::string begin = fmt::format("{} {} {} ", kFirstWord, format, body.size());
  const std::uint32_t checksum =
      io::crc32c(std::as_bytes(std::span(body)), io::crc32c(std::as_bytes(std::span(begin))));
  return fmt::format("{}{:08x}\n", begin, checksum);
}

Json json_of(const ManifestFile& file) {
  return {{"file", file.name}, {"header_checksum", file.header_checksum}, {"items", file.items}};
}

Json json_of(const Manifest& manifest) {
  Json segments = Json::array();
  for (const ManifestFile& file : manifest.segments) segments.push_back(json_of(file));
  Json options = Json::object();
  for (const auto& [key, value] : manifest.options) options[key] = value;
  Json json = {{"version", manifest.version}, {"next_number", manifest.next_number},
               {"covers", manifest.covers},   {"segments", std::move(segments)},
               {"deleted", Json()},           {"options", std::move(options)}};
  if (manifest.kernels.empty()) return json;
  // What is no JSON becomes a string, which reads back as another text: the store refuses it.
  auto kernels = parse_json(manifest.kernels, {.max_bytes = kMaxManifestBytes});
  json["kernels"] = kernels ? std::move(*kernels) : Json(manifest.kernels);
  return json;
}

Result<std::uint64_t> number_in(const Json& object, const char* key,
                                std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
  if (!object.contains(key) || !object[key].is_number_unsigned() || object[key].get<std::uint64_t>() > most)
    return damaged_manifest(fmt::format("\"{}\" is not a whole number up to {}", key, most));
  return object[key].get<std::uint64_t>();
}

Result<ManifestFile> segment_of(const Json& json) {
  if (!json.is_object() || !json.contains("file") || !json["file"].is_string())
    return damaged_manifest("a file has no name");
  ManifestFile file;
  file.name = json["file"].get<std::string>();
  // The name becomes a path: nothing but our own form of names.
  if (!file.name.starts_with(kSegmentPrefix) || !index_file_number(file.name))
    return damaged_manifest(fmt::format("\"{}\" is not the name of a segment", file.name));
  LEARNDOCK_TRY(const std::uint64_t checksum,
                number_in(json, "header_checksum", std::numeric_limits<std::uint32_t>::max()));
  file.header_checksum = static_cast<std::uint32_t>(checksum);
  LEARNDOCK_TRY(file.items, number_in(json, "items"));
  return file;
}

Result<void> read_segments(const Json& json, Manifest& manifest) {
  if (!json.contains("segments") || !json["segments"].is_array() || !json.contains("deleted"))
    return damaged_manifest("\"segments\" is not a list, or \"deleted\" is missing");
  if (json["segments"].size() > kMaxSegments)
    return damaged_manifest(
        fmt::format("{} segments, the limit is {}", json["segments"].size(), kMaxSegments));
  std::set<std::string> names;
  for (const Json& one : json["segments"]) {
    LEARNDOCK_TRY(ManifestFile file, segment_of(one));
    if (!names.insert(file.name).second)
      return damaged_manifest(fmt::format("\"{}\" is named twice", file.name));
    manifest.segments.push_back(std::move(file));
  }
  if (!json["deleted"].is_null())
    return damaged_manifest("it names deletions, which no version of this program wrote for a dock");
  return {};
}

Result<void> read_kernels(const Json& json, bool with_kernels, KernelsCheck readable, Manifest& manifest) {
  if (json.contains("kernels") != with_kernels) return damaged_manifest("the kernels do not fit the format");
  if (!with_kernels) return {};
  manifest.kernels = to_text(json["kernels"]);
  const auto read = readable(manifest.kernels);
  return read ? Result<void>() : damaged_manifest(read.error().message);
}

Result<Manifest> manifest_of(const Json& json, bool with_kernels, KernelsCheck readable) {
  if (!json.is_object()) return damaged_manifest("the body is not an object");
  Manifest manifest;
  LEARNDOCK_TRY(manifest.version, number_in(json, "version"));
  LEARNDOCK_TRY(manifest.next_number, number_in(json, "next_number"));
  LEARNDOCK_TRY(manifest.covers, number_in(json, "covers"));
  LEARNDOCK_CHECK(read_segments(json, manifest));
  if (!json.contains("options") || !json["options"].is_object())
    return damaged_manifest("the options are missing");
  for (const auto& [key, value] : json["options"].items()) {
    if (!value.is_string()) return damaged_manifest(fmt::format("option \"{}\" is not a string", key));
    manifest.options[key] = value.get<std::string>();
  }
  LEARNDOCK_CHECK(read_kernels(json, with_kernels, readable, manifest));
  return manifest;
}

/// The second word, or nothing when the line is not "WORD FORMAT LENGTH CHECKSUM".
std::string_view format_of(std::string_view line) {
  if (!line.starts_with(kFirstWord) || line.size() == kFirstWord.size() || line[kFirstWord.size()] != ' ')
    return {};
  line.remove_prefix(kFirstWord.size() + 1);
  return line.substr(0, line.find(' '));
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  const std::string body = to_text(json_of(manifest)) + "\n";
  return first_line(std::to_string(manifest.kernels.empty() ? kFormat : kFormatWithKernels), body) + body;
}

Result<Manifest> parse_manifest(std::string_view text, KernelsCheck readable) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return damaged_manifest("the first line is missing");
  const std::string_view line = text.substr(0, end + 1);
  const std::string_view body = text.substr(end + 1);
  const std::string_view format = format_of(line);
  if (format.empty()) return damaged_manifest("the file does not begin like a manifest");
  if (line != first_line(format, body)) return damaged_manifest("the length or the checksum does not fit");
  if (format != std::to_string(kFormat) && format != std::to_string(kFormatWithKernels))
    return fail(
        ErrorCode::unsupported,
        fmt::format("the manifest has format {}, this program reads up to {}", format, kFormatWithKernels),
        {}, "use the program that wrote it, or " + std::string(kReindex));
  const auto json = parse_json(body, {.max_bytes = kMaxManifestBytes});
  if (!json) return damaged_manifest(json.error().message);
  return manifest_of(*json, format == std::to_string(kFormatWithKernels), readable);
}

Result<Manifest> read_manifest(const std::filesystem::path& path, KernelsCheck readable) {
  LEARNDOCK_TRY(const std::string text, io::read_file(path, kMaxManifestBytes));
  auto manifest = parse_manifest(text, readable);
  if (!manifest) return pass_on(std::move(manifest).error(), path.string());
  return manifest;
}

std::string index_file_name(std::string_view prefix, std::uint64_t number) {
  return fmt::format("{}{:016x}{}", prefix, number, kSuffix);
}

std::optional<std::uint64_t> index_file_number(std::string_view name) {
  for (const std::string_view prefix : {kSegmentPrefix, kDeletedPrefix}) {
    if (!name.starts_with(prefix) || name.size() != prefix.size() + kNumberDigits + kSuffix.size()) continue;
    const auto number = whole_number<std::uint64_t>(name.substr(prefix.size(), kNumberDigits), 16);
    // Written back it must be the same, without capitals.
    if (number && index_file_name(prefix, *number) == name) return number;
  }
  return std::nullopt;
}

}  // namespace learndock::store
