#include "dock/upkeep/backup_manifest.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"
#include "dock/truth/dock_folder.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <set>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";
constexpr const char* kKind = "learndock backup";
constexpr int kManifestFormat = 1;
constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 30;
constexpr std::size_t kDigestDigits = 64;

bool is_allowed(const std::string& path) {
  if (path == DockFolder::kSettings || path == DockFolder::kCatalogue || path == DockFolder::kMark)
    return true;
  constexpr std::string_view kPackages = "packages/";
  if (path.size() != kPackages.size() + kDigestDigits + 1 || !path.starts_with(kPackages)) return false;
  const std::string digest = path.substr(kPackages.size(), 2) + path.substr(kPackages.size() + 3);
  return is_package_digest(digest) && path == package_place(digest).string();
}

Failure damaged(const fs::path& file, const std::string& why) {
  return fail(ErrorCode::backup_mismatch, "the backup's manifest cannot be read: " + why, file.string(),
              "copy the backup again from where it came, or use another one");
}

Result<BackupManifest> manifest_from(const Json& json, const fs::path& file) {
  BackupManifest manifest;
  std::set<std::string> seen;
  try {
    if (json.at("kind") != Json(kKind)) return damaged(file, "it is not one of learndock");
    if (json.at("format") != Json(kManifestFormat))
      return fail(ErrorCode::unsupported, "the backup was made by a later version of learndock",
                  file.string(), "restore it with that version");
    manifest.created = json.at("created").get<std::string>();
    manifest.records = json.at("records").get<std::uint64_t>();
    for (const Json& one : json.at("files")) {
      BackupFile entry{one.at("path").get<std::string>(), one.at("bytes").get<std::uint64_t>(),
                       one.at("sha256").get<std::string>()};
      if (!is_allowed(entry.path) || !seen.insert(entry.path).second)
        return damaged(file, fmt::format("it names the file {}", to_text(Json(entry.path.substr(0, 100)))));
      manifest.files.push_back(std::move(entry));
    }
  } catch (const Json::exception& exception) {
    return damaged(file, exception.what());
  }
  for (const char* needed : {DockFolder::kSettings, DockFolder::kCatalogue})
    if (!seen.contains(needed)) return damaged(file, fmt::format("it does not name {}", needed));
  return manifest;
}

}  // namespace

bool is_package_digest(std::string_view text) { return is_lower_hex(text, kDigestDigits); }

fs::path package_place(std::string_view digest) {
  return fs::path(DockFolder::kPackages) / digest.substr(0, 2) / digest.substr(2);
}

Result<void> write_manifest(const fs::path& backup, const BackupManifest& manifest) {
  Json files = Json::array();
  for (const BackupFile& file : manifest.files)
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  const Json json{{"kind", kKind},
                  {"format", kManifestFormat},
                  {"created", manifest.created},
                  {"records", manifest.records},
                  {"last_sequence", manifest.counters.last_sequence},
                  {"version", manifest.counters.version},
                  {"index", "not copied: it is made again from the catalogue (learndock reindex)"},
                  {"problems", manifest.problems},
                  {"files", std::move(files)}};
  return io::write_file_atomically(backup / kManifest, to_pretty_text(json) + "\n");
}

Result<BackupManifest> read_manifest(const fs::path& backup) {
  const fs::path file = backup / kManifest;
  const auto text = io::read_file(file, kMaxManifestBytes);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail(ErrorCode::not_found, "there is no finished backup here", backup.string(),
                "name a folder that learndock backup has written");
  if (!text) return Failure(text.error());
  JsonLimits limits;
  limits.max_bytes = kMaxManifestBytes;
  limits.max_memory = kMaxManifestBytes * 8;
  const auto json = parse_json(*text, limits);
  if (!json) return damaged(file, json.error().message);
  return manifest_from(*json, file);
}

}  // namespace learndock::dock
