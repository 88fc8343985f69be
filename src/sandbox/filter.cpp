#include "sandbox/filter.hpp"

#include "io/descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

namespace learndock::sandbox {
namespace {

constexpr const char* kAllowed[] = {
    // files
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat creat "
    "close close_range dup dup2 dup3 fcntl flock fsync fdatasync truncate ftruncate fallocate "
    "fadvise64 lseek stat lstat fstat newfstatat statx access faccessat faccessat2 readlink "
    "readlinkat getdents getdents64 getcwd chdir fchdir rename renameat renameat2 mkdir mkdirat "
    "rmdir unlink unlinkat link linkat symlink symlinkat mknod mknodat chmod fchmod fchmodat chown "
    "fchown lchown fchownat umask utime utimes utimensat futimesat statfs fstatfs getxattr lgetxattr "
    "fgetxattr listxattr llistxattr flistxattr sendfile copy_file_range inotify_init inotify_init1 "
    "inotify_add_watch inotify_rm_watch",
    // waiting
    "pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait "
    "epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime "
    "timerfd_gettime",
    // memory
    "mmap munmap mprotect mremap madvise msync mincore mlock mlock2 munlock mlockall munlockall brk "
    "membarrier memfd_create get_mempolicy",
    // threads and processes
    "futex get_robust_list set_robust_list rseq set_tid_address arch_prctl prctl exit exit_group "
    "wait4 waitid fork vfork execve execveat kill tkill tgkill getpid getppid gettid getuid geteuid "
    "getgid getegid getresuid getresgid getgroups getpgid getpgrp getsid setpgid setsid capget "
    "getpriority sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler "
    "sched_get_priority_max sched_get_priority_min sched_rr_get_interval getcpu getrlimit setrlimit "
    "prlimit64 getrusage sysinfo uname times pidfd_open pidfd_send_signal",
    // signals and time
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend "
    "rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack pause restart_syscall alarm setitimer getitimer "
    "nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time timer_create "
    "timer_settime timer_gettime timer_getoverrun timer_delete getrandom",
    // pairs of sockets, which reach no further than the job
    "sendto recvfrom sendmsg recvmsg shutdown getsockopt setsockopt getsockname getpeername",
    // a job may restrict itself further
    "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
};

constexpr const char* kRefused[] = {
    // other processes
    "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp setpriority "
    "ioprio_set ioprio_get sched_setscheduler sched_setparam sched_setattr move_pages migrate_pages "
    "mbind set_mempolicy",
    // parts of the kernel in which many faults were found
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register add_key "
    "request_key keyctl fanotify_init fanotify_mark modify_ldt vmsplice splice tee lookup_dcookie "
    "personality",
    // namespaces and mounts
    "unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount "
    "fspick mount_setattr name_to_handle_at open_by_handle_at quotactl quotactl_fd swapon swapoff "
    "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
    // the machine
    "reboot kexec_load kexec_file_load init_module finit_module delete_module iopl ioperm "
    "settimeofday adjtimex clock_adjtime clock_settime sethostname setdomainname syslog acct vhangup "
    "sync syncfs",
    // users
    "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset",
    // the network
    "socket bind connect listen accept accept4",
};

/// What libraries ask of files; the kernel looks at the lower half of the request alone. Terminals' own
/// requests are not among them: one of them, TIOCSTI, types on the terminal that a job was started from.
constexpr auto kDeviceRequests =
    std::to_array<unsigned long>({TCGETS, TIOCGWINSZ, TIOCGPGRP, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX});
constexpr auto kTerminalRequests =
    std::to_array<unsigned long>({TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS, TIOCSCTTY});
constexpr auto kNamespaces = std::to_array<unsigned long>(
    {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP});
constexpr scmp_datum_t kLowerHalf = 0xffffffff;

/// A condition on the bits of a call's argument that are in the mask.
scmp_arg_cmp bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

/// Adds rules; the first failure stays.
class Rules {
 public:
  Rules() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), &seccomp_release) {}

  template <class... Conditions>
  void add(std::uint32_t action, const char* call, Conditions... conditions) {
    const int number = seccomp_syscall_resolve_name(call);
    if (number < 0 || error_ != 0 || context_ == nullptr) return;  // another processor's call
    const std::array<scmp_arg_cmp, sizeof...(conditions)> list = {conditions...};
    error_ = seccomp_rule_add_array(context_.get(), action, number, sizeof...(conditions), list.data());
    if (error_ != 0) call_ = call;
  }
  /// @param calls  with blanks between them
  void add_all(std::uint32_t action, const char* calls) {
    std::istringstream words(calls);
    for (std::string call; words >> call;) add(action, call.c_str());
  }
  [[nodiscard]] Result<std::string> program();

 private:
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
  std::string call_;
};

Result<std::string> Rules::program() {
  const auto failed = [](const std::string& what, int error) {
    return fail(ErrorCode::sandbox_failed,
                fmt::format("the filter of system calls: {}: {}", what, std::strerror(error)));
  };
  if (context_ == nullptr) return failed("cannot begin", ENOMEM);
  if (error_ != 0) return failed(call_, -error_);
  const io::Descriptor file(::memfd_create("learndock-filter", MFD_CLOEXEC));
  if (file.get() < 0) return failed("memory file", errno);
  if (const int error = seccomp_export_bpf(context_.get(), file.get()); error != 0)
    return failed("export", -error);
  std::string program(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  LEARNDOCK_TRY(const std::size_t read, io::read_at(file.get(), program, 0, "filter"));
  if (read != program.size()) return failed("read", EIO);
  return program;
}

Result<std::string> make_filter() {
  constexpr std::uint32_t kNo = SCMP_ACT_ERRNO(EPERM);
  Rules rules;
  for (const char* calls : kAllowed) rules.add_all(SCMP_ACT_ALLOW, calls);
  for (const char* calls : kRefused) rules.add_all(kNo, calls);
  for (const unsigned long request : kDeviceRequests)
    rules.add(SCMP_ACT_ALLOW, "ioctl", bits(1, kLowerHalf, request));
  for (const unsigned long request : kTerminalRequests) rules.add(kNo, "ioctl", bits(1, kLowerHalf, request));
  scmp_datum_t namespaces = 0;
  for (const unsigned long one : kNamespaces) {
    namespaces |= one;
    rules.add(kNo, "clone", bits(0, one, one));
  }
  rules.add(SCMP_ACT_ALLOW, "clone", bits(0, namespaces, 0));
  rules.add(SCMP_ACT_ALLOW, "socketpair", bits(0, kLowerHalf, AF_UNIX));
  rules.add(kNo, "socketpair", scmp_arg_cmp{0, SCMP_CMP_NE, AF_UNIX, 0});
  return rules.program();
}

}  // namespace

Result<std::string> system_call_filter() {
  static const Result<std::string> made = make_filter();
  return made;
}

std::string filter_library() {
  const scmp_version* version = seccomp_version();
  return version == nullptr
             ? "libseccomp"
             : fmt::format("libseccomp {}.{}.{}", version->major, version->minor, version->micro);
}

}  // namespace learndock::sandbox
