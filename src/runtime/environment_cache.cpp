#include "runtime/environment_cache.hpp"

#include "learndock/base/json.hpp"

#include "base/log.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <utility>

namespace learndock::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFacts = "environment.json";
constexpr std::string_view kBuilding = ".building";
/// What the installers downloaded; makers hold its lock shared.
constexpr const char* kDownloads = "wheels";
/// How often a lock that another process holds is tried again.
constexpr std::chrono::milliseconds kLockStep{100};

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code none;
  for (fs::recursive_directory_iterator at(folder, none), end; !none && at != end; at.increment(none))
    if (!at->is_symlink(none) && at->is_regular_file(none)) bytes += at->file_size(none);
  return bytes;
}

Json json_of(const Environment& environment, const fs::path& folder) {
  return Json{{"python", environment.python.lexically_relative(folder).string()},
              {"python_prefix", environment.python_prefix.string()},
              {"python_version", environment.python_version},
              {"way", environment.way},
              {"lock", environment.lock},
              {"left_out", environment.left_out},
              {"notes", environment.notes},
              {"bytes", bytes_below(folder)}};
}

std::vector<std::string> kept_texts(const Json& json, const char* key) {
  return json.value(key, std::vector<std::string>());
}

struct Kept {
  std::string key;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
};

/// The environments of a cache, the one that was not used for the longest time first.
std::vector<Kept> kept_in(const fs::path& cache) {
  std::vector<Kept> all;
  std::error_code none;
  for (const auto& item : fs::directory_iterator(cache, none)) {
    const auto text = io::read_file(item.path() / kFacts, std::size_t{4} << 20);
    const auto json = text ? parse_json(*text) : Result<Json>(fail(ErrorCode::not_found, ""));
    if (!json || !json->is_object()) continue;
    const auto bytes = json->find("bytes");
    all.push_back({item.path().filename().string(),
                   bytes != json->end() && bytes->is_number_unsigned() ? bytes->get<std::uint64_t>() : 0,
                   fs::last_write_time(item.path() / kFacts, none)});
  }
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  return all;
}

}  // namespace

Result<EnvironmentCache::Held> EnvironmentCache::hold(const std::string& key, bool alone) const {
  const fs::path path = place(key + ".lock");
  io::Descriptor file(io::disk::open(path, O_RDWR | O_CREAT, io::kOwnerFile));
  if (file.get() < 0) return Failure(io::system_error(errno, "open", path));
  const auto deadline = std::chrono::steady_clock::now() + settings_.patience;
  while (::flock(file.get(), (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return Failure(io::system_error(errno, "lock", path));
    if (settings_.stop.stop_requested())
      return fail(ErrorCode::unavailable, "the making of an environment was stopped");
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::timeout, "another process is still making this environment",
                  place(key).string());
    std::this_thread::sleep_for(kLockStep);
  }
  return std::make_shared<const io::Descriptor>(std::move(file));
}

Result<Environment> EnvironmentCache::read(const std::string& key, Held held) const {
  const fs::path folder = place(key);
  LEARNDOCK_TRY(const std::string text, io::read_file(folder / kFacts, std::size_t{4} << 20));
  LEARNDOCK_TRY(const Json json, parse_json(text));
  Environment environment;
  environment.folder = folder;
  try {
    environment.python = folder / json.value("python", "bin/python");
    environment.python_prefix = json.value("python_prefix", "");
    environment.python_version = json.value("python_version", "");
    environment.way = json.value("way", "");
    environment.lock = kept_texts(json, "lock");
    environment.left_out = kept_texts(json, "left_out");
    environment.notes = kept_texts(json, "notes");
  } catch (const Json::exception& error) {
    return fail(ErrorCode::corrupt, fmt::format("the file is not as it was written: {}", error.what()),
                (folder / kFacts).string(), "remove this folder: it is made again");
  }
  environment.cached = true;
  environment.in_use = std::move(held);
  std::error_code none;
  fs::last_write_time(folder / kFacts, fs::file_time_type::clock::now(), none);
  return environment;
}

Result<void> EnvironmentCache::build(const std::string& key, const Maker& make) const {
  LEARNDOCK_TRY(const Held downloads, hold(kDownloads, false));
  const fs::path folder = place(key + std::string(kBuilding));
  std::error_code none;
  fs::remove_all(folder, none);
  auto made = make(folder);
  if (made) {
    auto written = io::write_file_atomically(folder / kFacts, to_text(json_of(*made, folder)));
    if (written) written = io::rename_file_to_new(folder, place(key));
    if (written) return {};
    made = Failure(std::move(written).error());
  }
  fs::remove_all(folder, none);
  return Failure(std::move(made).error());
}

Result<Environment> EnvironmentCache::get(const std::string& key, const Maker& make) const {
  LEARNDOCK_CHECK(io::create_private_folder(settings_.cache));
  const auto is_there = [&] {
    std::error_code none;
    return fs::exists(place(key) / kFacts, none);
  };
  bool made = false;
  // A trim of another process can come between making it and holding it.
  for (int round = 0; round < 3; ++round) {
    LEARNDOCK_TRY(Held held, hold(key, false));
    if (is_there()) {
      LEARNDOCK_TRY(Environment environment, read(key, std::move(held)));
      environment.cached = !made;
      return environment;
    }
    held.reset();
    LEARNDOCK_TRY(held, hold(key, true));
    if (is_there()) continue;
    LEARNDOCK_CHECK(build(key, make));
    made = true;
  }
  return fail(ErrorCode::no_space, "the environment is removed as soon as it is made",
              settings_.cache.string(), "raise the limit of the cache of environments");
}

bool EnvironmentCache::remove(const std::string& key) const {
  const io::Descriptor lock(io::disk::open(place(key + ".lock"), O_RDWR | O_CREAT, io::kOwnerFile));
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return false;  // it is in use
  const fs::path folder = place(key), aside = place(key + std::string(kBuilding));
  std::error_code failed;
  fs::remove_all(aside, failed);
  // Under another name first: a folder that is half removed must not pass for an environment.
  if (fs::exists(folder, failed) && !io::rename_file_to_new(folder, aside)) return false;
  fs::remove_all(aside, failed);
  return !failed;
}

void EnvironmentCache::trim() const {
  std::error_code none;
  for (const auto& item : fs::directory_iterator(settings_.cache, none)) {
    const std::string name = item.path().filename().string();
    if (name.ends_with(kBuilding) && !fs::exists(place(name.substr(0, name.size() - kBuilding.size())), none))
      (void)remove(name.substr(0, name.size() - kBuilding.size()));
  }
  if (bytes_below(place(kDownloads)) > settings_.cache_bytes) (void)remove(kDownloads);
  const std::vector<Kept> all = kept_in(settings_.cache);
  std::uint64_t bytes = 0;
  for (const Kept& one : all) bytes += one.bytes;
  for (const Kept& one : all) {
    if (bytes <= settings_.cache_bytes) return;
    if (!remove(one.key)) continue;
    bytes -= one.bytes;
    log(LogLevel::info, fmt::format("removed an environment that was not used for long: {}", one.key));
  }
}

}  // namespace learndock::runtime
