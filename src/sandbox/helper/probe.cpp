#include "sandbox/helper/descriptors.hpp"
#include "sandbox/helper/helper.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

int error_of(long result) { return result < 0 ? errno : 0; }

int interfaces_beside_loopback() {
  std::FILE* file = std::fopen("/proc/net/dev", "re");
  if (file == nullptr) return 0;
  char line[512];
  int count = 0;
  while (std::fgets(line, sizeof line, file) != nullptr)
    if (const char* colon = std::strchr(line, ':'); colon != nullptr && std::strstr(line, "lo:") == nullptr)
      ++count;
  std::fclose(file);
  return count;
}

}  // namespace

int probe() {
  struct rlimit core {
    1, 1
  };
  ::getrlimit(RLIMIT_CORE, &core);
  std::printf("process %d\n", static_cast<int>(::getpid()));
  std::printf("user %d\n", static_cast<int>(::getuid()));
  std::printf("interfaces %d\n", interfaces_beside_loopback());
  std::printf("secret %d\n", error_of(::open("/etc/shadow", O_RDONLY | O_CLOEXEC)));
  std::printf("write %d\n", error_of(::open("/usr/learndock-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
  std::printf("socket %d\n", error_of(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  std::printf("core %lu\n", static_cast<unsigned long>(core.rlim_max));
  // The last, because it would change the process if it succeeded.
  std::printf("namespace %d\n", error_of(::unshare(CLONE_NEWUSER)));
  std::fflush(stdout);
  return 0;
}

}  // namespace learndock::sandbox
