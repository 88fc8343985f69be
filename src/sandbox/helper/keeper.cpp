#include "sandbox/helper/descriptors.hpp"
#include "sandbox/helper/helper.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <initializer_list>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace learndock::sandbox {
namespace {

struct Keeping {
  char** words = nullptr;
  int count = 0;  ///< without the job's command
  char** command = nullptr;
  bool leave_orphans = false;
  bool direct = false;  ///< no bubblewrap: the command is confine's
};

bool write_text(const char* path, const char* text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t size = static_cast<ssize_t>(std::strlen(text));
  const bool done = ::write(file, text, static_cast<std::size_t>(size)) == size;
  const int kept = errno;
  ::close(file);
  errno = kept;
  return done;
}

int words_of(const char* option) {
  if (std::strcmp(option, "--leave-orphans") == 0 || std::strcmp(option, "--direct") == 0) return 0;
  if (std::strcmp(option, "--set") == 0 || std::strcmp(option, "--try") == 0) return 2;
  for (const char* one : {"--group", "--enter", "--tell", "--scratch"})
    if (std::strcmp(option, one) == 0) return 1;
  return -1;
}

bool read_words(int count, char** words, Keeping& keeping) {
  keeping.words = words;
  for (int at = 0; at < count; at += 1 + words_of(words[at])) {
    if (std::strcmp(words[at], "--") == 0) {
      keeping.count = at;
      keeping.command = words + at + 1;
      return at + 1 < count;
    }
    const int more = words_of(words[at]);
    if (more < 0 || at + more >= count) return false;
    keeping.leave_orphans |= std::strcmp(words[at], "--leave-orphans") == 0;
    keeping.direct |= std::strcmp(words[at], "--direct") == 0;
  }
  return false;
}

/// Calls `act` for each use of an option with its words; stops where it says no.
template <class Act>
bool each(const Keeping& keeping, const char* option, Act act) {
  for (int at = 0; at < keeping.count; at += 1 + words_of(keeping.words[at]))
    if (std::strcmp(keeping.words[at], option) == 0 && !act(keeping.words + at + 1)) return false;
  return true;
}

bool prepare(const Keeping& keeping) {
  const auto failed = [](const char* what, const char* subject) {
    complain(kReady, what, subject);
    return false;
  };
  return each(keeping, "--scratch",
              [&](char** word) { return ::mkdir(*word, 0700) == 0 || failed("cannot make ", *word); }) &&
         each(keeping, "--group",
              [&](char** word) { return ::mkdir(*word, 0755) == 0 || failed("cannot make ", *word); }) &&
         each(
             keeping, "--set",
             [&](char** word) { return write_text(word[0], word[1]) || failed("cannot write ", word[0]); }) &&
         each(keeping, "--try", [](char** word) { return write_text(word[0], word[1]) || true; });
}

[[noreturn]] void become_job(const Keeping& keeping, int count) {
  ::signal(SIGPIPE, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool entered = each(keeping, "--enter", [](char** word) {
    return write_text(*word, "0") || complain(kReady, "cannot enter ", *word) == 0;
  });
  if (!entered) ::_exit(125);
  each(keeping, "--scratch", [](char** word) { return ::chdir(*word) == 0; });
  if (keeping.direct) ::_exit(confine(count, keeping.command));
  ::execv(keeping.command[0], keeping.command);
  ::_exit(complain(kReady, "cannot start ", keeping.command[0]));
}

/// Kills the processes that have this one as their parent, which those become whose own parent has gone.
bool kill_children() {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", static_cast<int>(::getpid()));
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return false;
  int child = 0;
  while (std::fscanf(file, "%d", &child) == 1) ::kill(child, SIGKILL);
  std::fclose(file);
  return true;
}

/// Kills and waits until no process of the job is left.
void sweep() {
  for (;;) {
    const bool known = kill_children();
    const pid_t gone = ::waitpid(-1, nullptr, known ? 0 : WNOHANG);
    if (gone == 0 || (gone < 0 && errno == ECHILD)) return;
  }
}

/// The exit code of the job's first process, as a shell would say it.
int await(pid_t job) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, job, 0));
  pollfd waits[2] = {{handle, POLLIN, 0}, {kLifeline, POLLIN, 0}};
  while (::poll(waits, 2, -1) < 0 && errno == EINTR) {
  }
  if (waits[0].revents == 0) ::kill(job, SIGKILL);
  int status = 0;
  while (::waitpid(job, &status, 0) < 0 && errno == EINTR) {
  }
  if (handle >= 0) ::close(handle);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void tell(const char* path) {
  char text[4096];
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t size = file < 0 ? 0 : ::read(file, text, sizeof text);
  if (file >= 0) ::close(file);
  ::dprintf(kReport, "@%s\n%.*s\n", path, static_cast<int>(size < 0 ? 0 : size), text);
}

/// Removes what a folder has, without following links.
void empty_folder(int folder) {
  DIR* entries = ::fdopendir(folder);
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    if (::unlinkat(folder, entry->d_name, 0) == 0) continue;
    const int inner = ::openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) {
      ::fchmod(inner, 0700);
      empty_folder(inner);
    }
    ::unlinkat(folder, entry->d_name, AT_REMOVEDIR);
  }
  ::closedir(entries);
}

void remove_all(const Keeping& keeping) {
  each(keeping, "--scratch", [](char** word) {
    if (const int folder = ::open(*word, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); folder >= 0)
      empty_folder(folder);
    return ::rmdir(*word) == 0 || true;
  });
  each(keeping, "--group", [](char** word) {
    // The kernel may still be busy with the last process.
    for (int tries = 0; tries < 200 && ::rmdir(*word) != 0 && errno == EBUSY; ++tries) ::usleep(10'000);
    return true;
  });
}

}  // namespace

int keep(int count, char** words) {
  Keeping keeping;
  errno = EINVAL;
  if (!read_words(count, words, keeping)) return complain(kReady, "the helper's words", "");
  for (const int own : {kReport, kLifeline}) ::fcntl(own, F_SETFD, FD_CLOEXEC);
  // A signal to the program's group or terminal must not end the one process that cleans up.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  if (!keeping.leave_orphans) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  int code = 125;
  if (prepare(keeping)) {
    const pid_t job = ::fork();
    if (job == 0) {
      for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_DFL);
      become_job(keeping, count - keeping.count - 1);
    }
    if (job < 0) complain(kReady, "cannot start a process", "");
    for (const int of_job : {0, 1, 2, kRequests, kAnswers, kReady, kFilter, kAccounts, kHelper})
      ::close(of_job);
    if (job > 0) code = await(job);
    if (!keeping.leave_orphans) sweep();
  }
  ::dprintf(kReport, "end %d\n", code);
  each(keeping, "--tell", [](char** word) {
    tell(*word);
    return true;
  });
  remove_all(keeping);
  return 0;
}

}  // namespace learndock::sandbox
