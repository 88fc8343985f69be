#include "sandbox/helper/descriptors.hpp"
#include "sandbox/helper/helper.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

constexpr std::size_t kMaxPaths = 64;

struct Confinement {
  rlim_t cpu = RLIM_INFINITY;
  rlim_t file_bytes = RLIM_INFINITY;
  rlim_t processes = RLIM_INFINITY;
  bool landlock = true;
  bool keep_descriptors = false;
  const char* readable[kMaxPaths] = {};
  const char* writable[kMaxPaths] = {};
  std::size_t readable_count = 0, writable_count = 0;
  char** command = nullptr;
};

bool take_path(const char** paths, std::size_t& count, const char* path) {
  if (count == kMaxPaths) return false;
  paths[count++] = path;
  return true;
}

rlim_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

/// Whether the words are those of this program.
bool read_words(int count, char** words, Confinement& found) {
  for (int at = 0; at < count; ++at) {
    const char* word = words[at];
    if (std::strcmp(word, "--") == 0) {
      found.command = words + at + 1;
      return at + 1 < count;
    }
    if (std::strcmp(word, "--no-landlock") == 0) {
      found.landlock = false;
      continue;
    }
    if (std::strcmp(word, "--keep-descriptors") == 0) {
      found.keep_descriptors = true;
      continue;
    }
    if (++at == count) return false;
    bool known = true;
    if (std::strcmp(word, "--cpu") == 0)
      found.cpu = number(words[at]);
    else if (std::strcmp(word, "--file-bytes") == 0)
      found.file_bytes = number(words[at]);
    else if (std::strcmp(word, "--processes") == 0)
      found.processes = number(words[at]);
    else if (std::strcmp(word, "--read") == 0)
      known = take_path(found.readable, found.readable_count, words[at]);
    else if (std::strcmp(word, "--write") == 0)
      known = take_path(found.writable, found.writable_count, words[at]);
    else
      known = false;
    if (!known) return false;
  }
  return false;
}

bool limit(int resource, rlim_t soft, rlim_t hard) {
  if (soft == RLIM_INFINITY) return true;
  struct rlimit now {};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &now) != 0) return false;
  // A limit that is already lower stays: only a privileged process could raise it.
  if (now.rlim_max != RLIM_INFINITY && hard > now.rlim_max) hard = now.rlim_max;
  if (soft > hard) soft = hard;
  const struct rlimit wanted { soft, hard };
  return ::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) == 0;
}

bool set_limits(const Confinement& wanted) {
  constexpr rlim_t kFiles = 1024;
  // At the soft limit comes a signal that tells the limit from a crash; at the hard one the process is
  // killed.
  const rlim_t cpu_hard = wanted.cpu == RLIM_INFINITY ? RLIM_INFINITY : wanted.cpu + 1;
  return limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_CPU, wanted.cpu, cpu_hard) &&
         limit(RLIMIT_FSIZE, wanted.file_bytes, wanted.file_bytes) &&
         limit(RLIMIT_NPROC, wanted.processes, wanted.processes) && limit(RLIMIT_NOFILE, kFiles, kFiles) &&
         limit(RLIMIT_MSGQUEUE, 0, 0) && limit(RLIMIT_MEMLOCK, rlim_t{8} << 20, rlim_t{8} << 20);
}

}  // namespace

int complain(int descriptor, const char* what, const char* subject) {
  char text[512];
  const int size = std::snprintf(text, sizeof text, "%s%s: %s\n", what, subject, std::strerror(errno));
  const std::size_t bytes =
      static_cast<std::size_t>(size) < sizeof text ? static_cast<std::size_t>(size) : sizeof text - 1;
  [[maybe_unused]] const ssize_t put = ::write(descriptor, text, bytes);
  return 125;
}

int confine(int count, char** words) {
  Confinement wanted;
  ::fcntl(kReady, F_SETFD, FD_CLOEXEC);
  errno = EINVAL;
  if (!read_words(count, words, wanted)) return complain(kReady, "the helper's words", "");
  if (!wanted.keep_descriptors && ::syscall(SYS_close_range, kReady + 1, ~0U, 0) != 0)
    return complain(kReady, "cannot close descriptors", "");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return complain(kReady, "cannot give up privileges", "");
  if (!set_limits(wanted)) return complain(kReady, "cannot set the limits", "");
  if (wanted.landlock &&
      restrict_files(wanted.readable, wanted.readable_count, wanted.writable, wanted.writable_count) != 0)
    return complain(kReady, "cannot set Landlock's rules", "");
  if (::write(kReady, "ready\n", 6) != 6) return 125;
  ::execv(wanted.command[0], wanted.command);
  return complain(kReady, "cannot start ", wanted.command[0]);
}

}  // namespace learndock::sandbox
