#include "support/lossy_disk.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace learndock::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 4096;

struct stat info_of(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) throw std::runtime_error("lstat " + path.string());
  return info;
}

/// Flushes nothing, so that what goes before and after a power cut is fast.
class SoundDisk final : public io::DiskWatch {
 public:
  SoundDisk() { io::watch_disk(this); }
  ~SoundDisk() override { io::watch_disk(nullptr); }
  [[nodiscard]] int before(io::DiskCall) override { return 0; }
  void sync(int) override {}
};

/// A folder in memory where there is one: SQLite flushes its files before and after a power cut.
fs::path fast_parent() {
  std::error_code error;
  const fs::path memory = "/dev/shm";
  return fs::is_directory(memory, error) && ::access(memory.c_str(), W_OK) == 0 ? memory
                                                                                : fs::temp_directory_path();
}

/// Another name of an open file, which can be opened whatever became of its own.
fs::path name_of(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

}  // namespace

LossyDisk::LossyDisk(fs::path folder) : folder_(std::move(folder)), flushed_(look(folder_)) {
  for (const auto& item : fs::recursive_directory_iterator(folder_))
    pin(info_of(item.path()).st_ino, item.path());
  io::watch_disk(this);
}

LossyDisk::~LossyDisk() { io::watch_disk(nullptr); }

LossyDisk::Names LossyDisk::names_in(const fs::path& folder) {
  Names names;
  for (const auto& item : fs::directory_iterator(folder))
    names.emplace(item.path().filename().string(), info_of(item.path()).st_ino);
  return names;
}

void LossyDisk::look_into(const fs::path& folder, State& state) {
  const Names& names = state.folders[info_of(folder).st_ino] = names_in(folder);
  for (const auto& [name, inode] : names) {
    if (fs::is_directory(folder / name))
      look_into(folder / name, state);
    else
      state.files[inode] = io::read_file(folder / name).value();
  }
}

LossyDisk::State LossyDisk::look(const fs::path& folder) {
  State state;
  look_into(folder, state);
  return state;
}

/// A descriptor of this kind reads nothing and, unlike others, gives no lock of SQLite's back when it closes.
void LossyDisk::pin(ino_t inode, const fs::path& path) {
  if (!pins_.contains(inode)) pins_.emplace(inode, io::Descriptor(::open(path.c_str(), O_PATH | O_CLOEXEC)));
}

void LossyDisk::keep_names(ino_t folder, const fs::path& path) {
  const Names& names = flushed_.folders[folder] = names_in(path);
  for (const auto& [name, inode] : names) pin(inode, path / name);
}

int LossyDisk::before(io::DiskCall) {
  const std::lock_guard hold(mutex_);
  if (!failed_ && fail_at_ == calls_) {
    last_ = look(folder_);
    failed_ = true;
  }
  ++calls_;
  return failed_ ? EIO : 0;
}

void LossyDisk::sync(int fd) {
  const std::lock_guard hold(mutex_);
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw std::runtime_error("fstat");
  pin(info.st_ino, name_of(fd));
  if (S_ISDIR(info.st_mode))
    keep_names(info.st_ino, name_of(fd));
  else
    flushed_.files[info.st_ino] = io::read_file(name_of(fd)).value();
}

void LossyDisk::flushed(const fs::path& file, std::string bytes) {
  const std::lock_guard hold(mutex_);
  const ino_t inode = info_of(file).st_ino;
  pin(inode, file);
  flushed_.files[inode] = std::move(bytes);
}

void LossyDisk::flushed_folder(const fs::path& folder) {
  const std::lock_guard hold(mutex_);
  keep_names(info_of(folder).st_ino, folder);
}

std::string LossyDisk::bytes_found(ino_t file) {
  const auto flushed = flushed_.files.find(file), last = last_->files.find(file);
  std::string kept = flushed == flushed_.files.end() ? std::string() : flushed->second;
  if (!random_ || last == last_->files.end() || kept == last->second) return kept;
  std::string written = last->second;
  const std::size_t length = by_chance() ? kept.size() : written.size();
  kept.resize(std::max(kept.size(), length));
  written.resize(std::max(written.size(), length));
  for (std::size_t at = 0; at < length; at += kBlockBytes)
    if (by_chance()) kept.replace(at, kBlockBytes, written, at, kBlockBytes);
  kept.resize(length);
  return kept;
}

/// File systems rename in one step: a file is not lost between its old name and its new one.
bool LossyDisk::moved_by_chance(ino_t inode) {
  const auto known = moved_.find(inode);
  return known != moved_.end() ? known->second : moved_.emplace(inode, by_chance()).first->second;
}

void LossyDisk::restore(const fs::path& path, ino_t folder) {
  const Names &flushed = flushed_.folders[folder], &last = last_->folders[folder];
  Names all = flushed;
  all.insert(last.begin(), last.end());
  for (const auto& [name, any] : all) {
    const auto written = last.find(name);
    const Names& kept = moved_by_chance(written == last.end() ? any : written->second) ? last : flushed;
    const auto found = kept.find(name);
    if (found == kept.end()) continue;
    if (flushed_.folders.contains(found->second) || last_->folders.contains(found->second)) {
      fs::create_directory(path / name);
      restore(path / name, found->second);
      continue;
    }
    std::ofstream(path / name, std::ios::binary) << bytes_found(found->second);
    fs::permissions(path / name, fs::perms::owner_read | fs::perms::owner_write);
  }
}

void LossyDisk::power_cut(std::optional<unsigned> seed) {
  const std::lock_guard hold(mutex_);
  io::watch_disk(nullptr);
  if (!last_) last_ = look(folder_);
  if (seed) random_.emplace(*seed);
  const ino_t root = info_of(folder_).st_ino;
  for (const auto& item : fs::directory_iterator(folder_)) fs::remove_all(item.path());
  restore(folder_, root);
}

std::size_t cut_power_at_each_call(const PowerCuts& test) {
  std::size_t calls = 0;
  bool more = true;
  for (std::size_t call = 0; more; ++call)
    for (const bool some_is_kept : {false, true}) {
      const TemporaryFolder folder(fast_parent());
      {
        const SoundDisk sound;
        test.prepare(folder.path());
      }
      LossyDisk disk(folder.path());
      disk.fail_at(call);
      {
        const auto also = test.also ? test.also(disk) : nullptr;
        test.work(folder.path());
      }
      more = disk.failed();
      if (!more) calls = disk.calls();
      disk.power_cut(some_is_kept ? std::optional(static_cast<unsigned>(call)) : std::nullopt);
      const SoundDisk sound;
      test.check(folder.path());
      if (!::testing::Test::HasFailure()) continue;
      ADD_FAILURE() << "the power was cut at call " << call << (some_is_kept ? "; a part was kept" : "");
      return calls;
    }
  return calls;
}

}  // namespace learndock::testing
