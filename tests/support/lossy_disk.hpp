#pragma once

#include "io/descriptor.hpp"
#include "io/disk_watch.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <sys/types.h>

namespace learndock::testing {

/// A disk that loses at a power cut what was not flushed, in the manner of LevelDB's fault injection. A file
/// keeps the bytes that it had when it was last flushed. A folder keeps the names that it had when it was
/// last flushed itself: a new file is gone, a renamed or removed one is back. What is in the folder when the
/// watch begins counts as flushed. Nothing is really flushed, so tests are fast.
class LossyDisk final : public io::DiskWatch {
 public:
  /// Watches the calls of this process that change files, and keeps the state of those below `folder`.
  explicit LossyDisk(std::filesystem::path folder);
  ~LossyDisk() override;

  /// The power fails at the call of this number, from 0: it and all later ones fail with EIO.
  void fail_at(std::size_t call) { fail_at_ = call; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// The calls so far.
  [[nodiscard]] std::size_t calls() const { return calls_; }

  /// Leaves the folder as it is found when the power is back, and ends the watch. A disk may also have
  /// written some of what was not flushed: with a seed, each such name and each block of 4096 bytes is kept
  /// or lost by chance.
  void power_cut(std::optional<unsigned> seed = std::nullopt);

  [[nodiscard]] int before(io::DiskCall call) override;
  void sync(int fd) override;
  /// For a library that flushes its files itself: the file has been flushed with these bytes.
  void flushed(const std::filesystem::path& file, std::string bytes);
  void flushed_folder(const std::filesystem::path& folder);

 private:
  using Names = std::map<std::string, ino_t>;
  struct State {
    std::map<ino_t, Names> folders;
    std::map<ino_t, std::string> files;
  };
  [[nodiscard]] static State look(const std::filesystem::path& folder);
  static void look_into(const std::filesystem::path& folder, State& state);
  static Names names_in(const std::filesystem::path& folder);
  void keep_names(ino_t folder, const std::filesystem::path& path);
  void pin(ino_t inode, const std::filesystem::path& path);
  void restore(const std::filesystem::path& path, ino_t folder);
  std::string bytes_found(ino_t file);
  bool moved_by_chance(ino_t inode);
  bool by_chance() { return random_ && (*random_)() % 2 == 0; }

  std::filesystem::path folder_;
  std::mutex mutex_;
  State flushed_;
  std::optional<State> last_;  ///< the files when the power failed
  /// Keeps the numbers of files that are gone from being given to new ones.
  std::map<ino_t, io::Descriptor> pins_;
  std::optional<std::mt19937> random_;
  std::map<ino_t, bool> moved_;  ///< whether a file has the names that it had last
  std::optional<std::size_t> fail_at_;
  std::size_t calls_ = 0;
  bool failed_ = false;
};

struct PowerCuts {
  using OnFolder = std::function<void(const std::filesystem::path& folder)>;
  OnFolder prepare;  ///< on a disk that keeps everything
  OnFolder work;     ///< what it says to be done must survive; from the cut on its calls fail
  OnFolder check;    ///< after the power cut, on a sound disk
  /// What else watches, for the time of `work`.
  std::function<std::shared_ptr<void>(LossyDisk&)> also = nullptr;
};

/// Cuts the power at each call of `work` in turn and after it, and checks what is found: once when all is
/// lost that was not flushed, and once for a part of it. Stops at the first failure. @return the calls of
/// `work`
std::size_t cut_power_at_each_call(const PowerCuts& test);

}  // namespace learndock::testing
