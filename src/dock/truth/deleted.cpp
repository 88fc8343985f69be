#include "dock/truth/deleted.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "catalog/status.hpp"
#include "io/crc32c.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <span>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr int kDeletedFormat = 1;
constexpr const char* kChecksum = "crc32c";
constexpr std::int64_t kDayMs = std::int64_t{86'400} * 1000;
/// The most days to keep a deletion: a century. More would not fit into a time.
constexpr std::uint64_t kMostDays = 36'500;
/// The most bytes of a record's file: its texts and, in hexadecimal, its statistical specification.
constexpr std::size_t kMaxRecordBytes = std::size_t{128} << 20;
constexpr std::size_t kTimeDigits = 16;
constexpr std::size_t kKeyDigits = 2 * kTimeDigits + 1;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kHexDigits[static_cast<unsigned char>(byte) >> 4];
    text += kHexDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

Result<std::string> from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) break;
    bytes += static_cast<char>(16 * high + low);
  }
  if (2 * bytes.size() == text.size()) return bytes;
  return fail(ErrorCode::corrupt, "the bytes are not hexadecimal");
}

/// The checksum of a record's file without the key of the checksum itself.
std::uint32_t checksum_of_record(const Json& json) {
  const std::string text = to_text(json);
  return io::crc32c(std::as_bytes(std::span(text)));
}

/// Versions before this one wrote no checksum.
bool has_other_checksum(Json json) {
  const auto checksum = json.find(kChecksum);
  if (checksum == json.end()) return false;
  const Json stored = *checksum;
  json.erase(kChecksum);
  return stored != Json(checksum_of_record(json));
}

Json record_json(const catalog::LearnwareRecord& record, std::int64_t removed_unix_ms) {
  Json json{{"format", kDeletedFormat},
            {"removed_unix_ms", removed_unix_ms},
            {"sequence", record.sequence.value()},
            {"id", record.id.text()},
            {"status", catalog::status_name(record.status)},
            {"name", record.name},
            {"package_digest", record.package_digest},
            {"package_bytes", record.package_bytes},
            {"content_digest", record.content_digest},
            {"url", record.url},
            {"created_unix_ms", record.created_unix_ms},
            {"warnings", record.warnings},
            {"damage", record.damage},
            {"semantic_json", record.semantic_json},
            {"statistical", to_hex(record.statistical)},
            {"further", to_hex(record.further)}};
  json[kChecksum] = checksum_of_record(json);
  return json;
}

Result<DeletedLearnware> from_record_json(const Json& json) {
  try {
    DeletedLearnware deleted;
    catalog::LearnwareRecord& record = deleted.record;
    if (json.at("format") != Json(kDeletedFormat))
      return fail(ErrorCode::unsupported, "another version wrote it");
    if (has_other_checksum(json)) return fail(ErrorCode::corrupt, "the record's checksum does not match");
    deleted.removed_unix_ms = json.at("removed_unix_ms").get<std::int64_t>();
    record.sequence = LearnwareNumber(json.at("sequence").get<std::uint64_t>());
    LEARNDOCK_TRY(record.id, LearnwareId::create(json.at("id").get<std::string>()));
    const auto status = catalog::status_of_name(json.at("status").get<std::string>());
    if (!status) return fail(ErrorCode::unsupported, "another version wrote it", "/status");
    record.status = *status;
    record.name = json.at("name").get<std::string>();
    record.package_digest = json.at("package_digest").get<std::string>();
    record.package_bytes = json.at("package_bytes").get<std::uint64_t>();
    record.content_digest = json.value("content_digest", "");  // earlier versions wrote none
    record.url = json.at("url").get<std::string>();
    record.created_unix_ms = json.at("created_unix_ms").get<std::int64_t>();
    record.warnings = json.at("warnings").get<std::vector<std::string>>();
    record.damage = json.at("damage").get<std::string>();
    record.semantic_json = json.at("semantic_json").get<std::string>();
    LEARNDOCK_TRY(record.statistical, from_hex(json.at("statistical").get<std::string>()));
    LEARNDOCK_TRY(record.further, from_hex(json.value("further", "")));
    return deleted;
  } catch (const Json::exception&) {
    return fail(ErrorCode::corrupt, "it is not the record of a deleted learnware");
  }
}

/// The time at which a key's learnware was deleted; nothing for other names, one beyond all times among them.
std::optional<std::int64_t> time_of(std::string_view key) {
  if (key.size() != kKeyDigits || key[kTimeDigits] != '-' || key.front() == '-') return std::nullopt;
  return whole_number<std::int64_t>(key.substr(0, kTimeDigits), 16);
}

std::uint64_t remove_file(const fs::path& path) {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(path, error);
  if (error) return 0;
  error = io::disk::remove_any(path);
  if (!error) return bytes;
  log(LogLevel::warning, fmt::format("cannot remove {}: {}", path.string(), error.message()));
  return 0;
}

}  // namespace

std::int64_t now_unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

DeletedLearnwares::DeletedLearnwares(fs::path folder, std::uint64_t days)
    : folder_(std::move(folder)), days_(static_cast<std::int64_t>(std::min(days, kMostDays))) {}

std::int64_t DeletedLearnwares::kept_until(std::int64_t removed_unix_ms) const {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  const std::int64_t kept = kDayMs * days_;
  return removed_unix_ms > kLast - kept ? kLast : removed_unix_ms + kept;
}

Result<std::string> DeletedLearnwares::begin(const catalog::LearnwareRecord& record) {
  const std::int64_t now = now_unix_ms();
  std::string key = fmt::format("{:016x}-{:016x}", now, record.sequence.value());
  LEARNDOCK_CHECK(io::create_private_folder(folder_));
  LEARNDOCK_CHECK(
      io::write_file_atomically(folder_ / (key + ".json"), to_text(record_json(record, now)) + "\n"));
  return key;
}

fs::path DeletedLearnwares::package_of(const std::string& key) const { return folder_ / (key + ".zip"); }

std::uint64_t DeletedLearnwares::forget(const std::string& key) {
  // The record is removed last: a package without one would stay there unexplained.
  const std::uint64_t package = remove_file(package_of(key));
  remove_file(folder_ / (key + ".json"));
  return package;
}

std::int64_t DeletedLearnwares::removed_unix_ms(const std::string& key) { return time_of(key).value_or(0); }

std::vector<std::string> DeletedLearnwares::keys() const {
  std::vector<std::string> keys;
  std::error_code error;  // without the folder there are none
  fs::directory_iterator item(folder_, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    std::string key = item->path().stem().string();
    if (time_of(key)) keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

Result<DeletedLearnwares::Kept> DeletedLearnwares::read(const std::string& key) const {
  const fs::path path = folder_ / (key + ".json");
  LEARNDOCK_TRY(const std::string text, io::read_file(path, kMaxRecordBytes));
  const auto json = parse_json(text, {.max_bytes = kMaxRecordBytes});
  if (!json) return pass_on(json.error(), path.string());
  auto learnware = from_record_json(*json);
  if (!learnware) return pass_on(std::move(learnware).error(), path.string());
  learnware->kept_until_unix_ms = kept_until(learnware->removed_unix_ms);
  return Kept{key, std::move(*learnware)};
}

std::vector<DeletedLearnwares::Kept> DeletedLearnwares::list() const {
  std::vector<Kept> all;
  for (const std::string& key : keys()) {
    auto kept = read(key);
    if (kept)
      all.push_back(std::move(*kept));
    else
      log(LogLevel::warning, "a deleted learnware cannot be brought back: " + describe(kept.error()));
  }
  return all;
}

Result<DeletedLearnwares::Kept> DeletedLearnwares::newest(const LearnwareId& id) const {
  std::vector<Kept> all = list();
  for (auto kept = all.rbegin(); kept != all.rend(); ++kept)
    if (kept->learnware.record.id == id) return std::move(*kept);
  return fail(ErrorCode::not_found, "no deleted learnware of this id is kept", id.text(),
              "learndock list --deleted names those that are kept");
}

std::uint64_t DeletedLearnwares::expire(std::int64_t now_unix_ms) {
  std::uint64_t freed = 0;
  for (const std::string& key : keys())
    if (kept_until(*time_of(key)) <= now_unix_ms) freed += forget(key);
  return freed;
}

void DeletedLearnwares::recover(const catalog::Catalog& catalog, blobs::BlobStore& blobs) {
  for (const Kept& kept : list())
    if (auto done = recover_one(kept, catalog, blobs); !done)
      log(LogLevel::warning, "a deletion cannot be completed: " + describe(done.error()));
}

bool DeletedLearnwares::holds_package(const Kept& kept) const {
  std::error_code error;
  return fs::exists(package_of(kept.key), error);
}

std::set<std::string> DeletedLearnwares::unmoved_packages() const {
  std::set<std::string> digests;
  for (const Kept& kept : list())
    if (!kept.learnware.record.package_digest.empty() && !holds_package(kept))
      digests.insert(kept.learnware.record.package_digest);
  return digests;
}

Result<std::vector<LearnwareId>> DeletedLearnwares::remove_again(catalog::Catalog& catalog,
                                                                 const blobs::BlobStore& blobs,
                                                                 bool behind) const {
  std::vector<LearnwareId> removed;
  for (const Kept& kept : list()) {
    const catalog::LearnwareRecord& record = kept.learnware.record;
    const auto live = catalog.find(record.id);
    if (!live || live->sequence != record.sequence || live->package_digest != record.package_digest) continue;
    // The package is moved after the row is gone. So if it has been moved, the row had been removed.
    const bool was_deleted =
        record.package_digest.empty() ? behind : holds_package(kept) && !blobs.path_of(record.package_digest);
    if (!was_deleted) continue;
    LEARNDOCK_CHECK(catalog.remove(record.id));
    removed.push_back(record.id);
  }
  return removed;
}

std::uint64_t DeletedLearnwares::bytes_in(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;  // without the folder there are none
  fs::directory_iterator item(folder, error);
  for (; !error && item != fs::directory_iterator(); item.increment(error)) {
    std::error_code ignored;
    if (const std::uint64_t bytes = item->file_size(ignored); !ignored) sum += bytes;
  }
  return sum;
}

Result<void> DeletedLearnwares::recover_one(const Kept& kept, const catalog::Catalog& catalog,
                                            blobs::BlobStore& blobs) {
  const catalog::LearnwareRecord& record = kept.learnware.record;
  if (holds_package(kept)) return {};
  const auto live = catalog.find(record.id);
  const bool same = live && (live->sequence == record.sequence || !record.package_digest.empty()) &&
                    live->package_digest == record.package_digest;
  if (same) {  // not deleted in the end, or brought back
    forget(kept.key);
    return {};
  }
  if (record.package_digest.empty()) return {};
  LEARNDOCK_TRY(const bool named, catalog.has_package(record.package_digest));
  // Sent again since, or removed for good but for this file.
  if (named || !blobs.path_of(record.package_digest)) {
    forget(kept.key);
    return {};
  }
  return blobs.release(record.package_digest, package_of(kept.key));
}

}  // namespace learndock::dock
