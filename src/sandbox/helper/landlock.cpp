#include "sandbox/helper/helper.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

// The kernel's interface in numbers: the headers of a distribution are often older than the kernel that runs.
constexpr std::uint64_t kExecute = 1U << 0, kWriteFile = 1U << 1, kReadFile = 1U << 2, kReadFolder = 1U << 3;
constexpr std::uint64_t kRefer = 1U << 13, kTruncate = 1U << 14, kDeviceControl = 1U << 15;
constexpr std::uint64_t kAllOfFirst = (1U << 13) - 1;
constexpr std::uint64_t kBindAndConnect = 3, kAbstractSocketsAndSignals = 3;
constexpr int kPathBeneath = 1;
constexpr unsigned kAskVersion = 1;

struct Ruleset {
  std::uint64_t files, ports, scopes;
};
struct [[gnu::packed]] Rule {
  std::uint64_t allowed;
  std::int32_t folder;
};

/// What a kernel of this version can restrict. Sizes are those of the kernel's structure at that version.
Ruleset all_of(long version, std::size_t& size) {
  Ruleset rules{kAllOfFirst, 0, 0};
  if (version >= 2) rules.files |= kRefer;
  if (version >= 3) rules.files |= kTruncate;
  if (version >= 5) rules.files |= kDeviceControl;
  if (version >= 4) rules.ports = kBindAndConnect;
  if (version >= 6) rules.scopes = kAbstractSocketsAndSignals;
  size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  return rules;
}

int allow(int ruleset, const char* path, std::uint64_t rights) {
  const int folder = ::open(path, O_PATH | O_CLOEXEC);
  if (folder < 0) return errno == ENOENT ? 0 : -1;
  struct stat about {};
  ::fstat(folder, &about);
  if (!S_ISDIR(about.st_mode)) rights &= kExecute | kWriteFile | kReadFile | kTruncate | kDeviceControl;
  const Rule rule{rights, folder};
  const long done = ::syscall(SYS_landlock_add_rule, ruleset, kPathBeneath, &rule, 0);
  ::close(folder);
  return done == 0 ? 0 : -1;
}

}  // namespace

int restrict_files(const char* const* readable, std::size_t readable_count, const char* const* writable,
                   std::size_t writable_count) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (version < 1) return 0;
  std::size_t size = 0;
  const Ruleset all = all_of(version, size);
  const int ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size, 0));
  if (ruleset < 0) return -1;
  int done = 0;
  for (std::size_t at = 0; at < readable_count; ++at)
    done |= allow(ruleset, readable[at], kReadFile | kReadFolder | kExecute);
  for (std::size_t at = 0; at < writable_count; ++at)
    done |= allow(ruleset, writable[at], all.files & ~kDeviceControl);
  if (done == 0) done = static_cast<int>(::syscall(SYS_landlock_restrict_self, ruleset, 0));
  ::close(ruleset);
  return done;
}

}  // namespace learndock::sandbox
