#include "learndock/dock/dock_file.hpp"

#include "learndock/base/json.hpp"

#include "dock/truth/directory_lock.hpp"
#include "dock/truth/dock_folder.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr int kDockFormat = 1;
constexpr std::size_t kMaxSettingsBytes = 1 << 16;

std::string repair_text(const fs::path& dock) {
  return fmt::format(
      "restore the file from a backup, or write {{\"format\": {}}} into it: the limits are then the usual "
      "ones "
      "(learndock limits {})",
      kDockFormat, dock.string());
}

Result<DockLimits> limits_from(const Json& json) {
  DockLimits limits;
  if (!json.is_object()) return fail(ErrorCode::corrupt, "\"limits\" is not an object");
  for (const LimitName& one : limit_names()) {
    const auto found = json.find(one.key);
    if (found == json.end()) continue;
    if (!found->is_number_unsigned())
      return fail(ErrorCode::corrupt,
                  fmt::format("the limit \"{}\" is not a whole number of 0 or more", one.key));
    limits.*one.value = found->get<std::uint64_t>();
  }
  return limits;
}

Result<DockFile> dock_file_from(const std::string& text) {
  auto json = parse_json(text);
  if (!json) return fail(ErrorCode::corrupt, "the dock's description is not JSON: " + json.error().message);
  if (!json->is_object() || !json->contains("format"))
    return fail(ErrorCode::corrupt, "the dock's description says no format");
  if (json->at("format") != Json(kDockFormat))
    return fail(ErrorCode::unsupported,
                fmt::format("the dock has format {}, this program knows format {}",
                            to_text(json->at("format")).substr(0, 40), kDockFormat),
                {}, "use the version of learndock that made the dock, or a later one");
  DockFile file;
  if (const auto limits = json->find("limits"); limits != json->end()) {
    LEARNDOCK_TRY(file.limits, limits_from(*limits));
  }
  json->erase("format");
  if (auto limits = json->find("limits"); limits != json->end())
    for (const LimitName& one : limit_names()) limits->erase(one.key);
  file.other = *std::move(json);
  return file;
}

}  // namespace

const std::vector<LimitName>& limit_names() {
  static const std::vector<LimitName> names = {
      {"max_points", &DockLimits::max_points, "Points of one statistical specification; 0: no limit"},
      {"max_dock_bytes", &DockLimits::max_dock_bytes, "Bytes of the whole dock; 0: no limit"},
      {"min_free_bytes", &DockLimits::min_free_bytes, "Bytes left free on the dock's disk"},
      {"keep_deleted_days", &DockLimits::keep_deleted_days, "Days that a deleted package is kept; 0: none"},
  };
  return names;
}

Json to_json(const DockLimits& limits) {
  Json json = Json::object();
  for (const LimitName& one : limit_names()) json[one.key] = limits.*one.value;
  return json;
}

Result<DockFile> read_dock_file(const fs::path& dock) {
  const fs::path path = DockFolder(dock).settings();
  auto text = io::read_file(path, kMaxSettingsBytes);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail(ErrorCode::not_found, "there is no dock here", dock.string(),
                fmt::format("make one: learndock init {}", dock.string()));
  if (!text) return Failure(std::move(text).error());
  auto file = dock_file_from(*text);
  if (file) return file;
  Error error = std::move(file).error();
  error.where = path.string();
  if (error.fix.empty()) error.fix = repair_text(dock);
  return Failure(std::move(error));
}

Result<void> write_dock_file(const fs::path& dock, const DockFile& file) {
  Json json{{"format", kDockFormat}, {"limits", to_json(file.limits)}};
  for (const auto& [key, value] : file.other->items())
    if (key != "limits") json[key] = value;
  if (const auto limits = file.other->find("limits"); limits != file.other->end())
    for (const auto& [key, value] : limits->items()) json["limits"][key] = value;
  return io::write_file_atomically(DockFolder(dock).settings(), to_pretty_text(json) + "\n");
}

Result<void> set_dock_limits(const fs::path& dock, const DockLimits& limits) {
  LEARNDOCK_CHECK(read_dock_file(dock));
  DirectoryLock lock;
  LEARNDOCK_CHECK(lock.acquire(dock));
  LEARNDOCK_TRY(DockFile file, read_dock_file(dock));
  file.limits = limits;
  return write_dock_file(dock, file);
}

}  // namespace learndock::dock
