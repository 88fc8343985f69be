#include "sandbox/supervisor.hpp"

#include "base/utf8.hpp"
#include "sandbox/bubblewrap.hpp"
#include "sandbox/filter.hpp"
#include "sandbox/pipe_ends.hpp"
#include "sandbox/processes_of.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <random>
#include <sstream>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace learndock::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 50ms;
constexpr std::size_t kMaxReport = std::size_t{1} << 16;
constexpr int kSignalBase = 128;  ///< exit codes above it name a signal

/// Reads what is there. @return whether the end was reached
template <class Take>
bool read_available(int descriptor, Take take) {
  char buffer[1 << 14];
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count > 0) {
      take(std::string_view(buffer, static_cast<std::size_t>(count)));
    } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
      return true;
    } else if (errno == EAGAIN) {
      return false;
    }
  }
}

void append_bounded(std::string& text, std::string_view more) {
  text += more.substr(0, kMaxReport - std::min(kMaxReport, text.size()));
}

/// What the keeper reported: "end CODE", then files, each as a line "@PATH" and its content.
struct Report {
  std::optional<int> code;
  std::map<std::string, std::string> files;
};

Report parse_report(const std::string& text) {
  Report report;
  std::istringstream lines(text);
  std::string* file = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('@')) {
      file = &report.files[line.substr(1)];
    } else if (file != nullptr) {
      *file += line + "\n";
    } else if (line.starts_with("end ")) {
      int code = 0;
      std::from_chars(line.data() + 4, line.data() + line.size(), code);
      report.code = code;
    }
  }
  return report;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Failure too_slow(const char* doing) {
  return fail(ErrorCode::sandbox_timeout, fmt::format("the job did not {} in time", doing));
}

std::string scratch_on_host() {
  std::error_code ignored;
  std::filesystem::path folder = std::filesystem::temp_directory_path(ignored);
  if (folder.empty()) folder = "/tmp";
  return (folder / fmt::format("learndock-{}-{}", ::getpid(), std::random_device()())).string();
}

Result<KeeperWords> words_of(const Job& job, const LeftOut& left_out, const JobGroups& groups) {
  KeeperWords words;
  words.words = groups.words();
  words.keep_descriptors = left_out.has(Part::descriptors);
  const auto add = [&](const std::vector<std::string>& more) {
    words.words.insert(words.words.end(), more.begin(), more.end());
  };
  if (job.protection == Protection::none) {
    const std::string scratch = scratch_on_host();
    words.environment = direct_environment(job, scratch);
    add({"--scratch", scratch, "--direct", "--"});
    add(direct_words(job, scratch));
    return words;
  }
  const std::optional<std::string> program = find_bubblewrap();
  if (!program)
    return fail(ErrorCode::sandbox_missing, "bubblewrap is not installed", {},
                "apt-get install -y bubblewrap");
  LEARNDOCK_TRY(words.filter, system_call_filter());
  words.environment = {"PATH=/usr/bin:/bin"};
  if (left_out.has(Part::environment))
    for (char** one = environ; *one != nullptr; ++one) words.environment.emplace_back(*one);
  if (left_out.has(Part::process_ids)) add({"--leave-orphans"});
  add({"--"});
  add(bubblewrap_words(*program, job, left_out, !groups.limit_processes()));
  return words;
}

}  // namespace

Result<std::unique_ptr<Process>> Supervisor::begin(const Job& job, const LeftOut& left_out) {
  LEARNDOCK_CHECK(check(job));
  JobGroups groups(control_groups(), job.limits, left_out);
  LEARNDOCK_TRY(const KeeperWords words, words_of(job, left_out, groups));
  io::Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0)
    return fail(ErrorCode::sandbox_failed,
                fmt::format("cannot make an event for a job: {}", std::strerror(errno)));
  LEARNDOCK_TRY(Keeper keeper, start_keeper(words));
  std::unique_ptr<Supervisor> process(
      new Supervisor(job, left_out, std::move(keeper), std::move(groups), std::move(wake)));
  LEARNDOCK_CHECK(process->await_start());
  return process;
}

Supervisor::Supervisor(const Job& job, const LeftOut& left_out, Keeper keeper, JobGroups groups,
                       io::Descriptor wake)
    : job_(job),
      left_out_(left_out),
      groups_(std::move(groups)),
      requests_(std::move(keeper.requests)),
      answers_(std::move(keeper.answers)),
      wake_(std::move(wake)),
      keeper_(std::move(keeper)),
      log_(left_out.has(Part::log_bytes) ? UINT64_MAX / 4 : job.limits.log_bytes),
      thread_([this] { watch(); }) {}

Supervisor::~Supervisor() {
  cancel();
  thread_.join();
}

Result<void> Supervisor::await_start() {
  Lock lock(mutex_);
  while (stage_ == Stage::starting) changed_.wait(mutex_);
  if (started_) return {};
  return fail(ErrorCode::sandbox_failed, fmt::format("the job could not be started: {}", failure_),
              job_.command.front(), "`learndock sandbox` shows what works on this machine");
}

void Supervisor::watch() {
  while (keeper_.report.get() >= 0) {
    wait_for_news(patience(Clock::now()));
    look_at_limits();
  }
  finish();
}

int Supervisor::patience(Clock::time_point now) const {
  // After the end was asked for, the keeper needs no more watching.
  if (forced_) return -1;
  auto next = left_out_.has(Part::wall) ? now + 1h : begun_ + job_.limits.wall;
  next = std::min(next, next_look_);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

void Supervisor::wait_for_news(int milliseconds) {
  pollfd waits[] = {{keeper_.log.get(), POLLIN, 0},
                    {keeper_.ready.get(), POLLIN, 0},
                    {keeper_.report.get(), POLLIN, 0},
                    {forced_ ? -1 : wake_.get(), POLLIN, 0}};
  if (::poll(waits, std::size(waits), milliseconds) <= 0) return;
  if (waits[0].revents != 0) read_log();
  if (waits[1].revents != 0) read_ready();
  if (waits[3].revents != 0) end_because(Cause::cancelled);
  if (waits[2].revents != 0) read_report();
}

void Supervisor::read_log() {
  if (read_available(keeper_.log.get(), [&](std::string_view bytes) { log_.add(bytes); }))
    keeper_.log = io::Descriptor();
}

void Supervisor::read_ready() {
  if (!read_available(keeper_.ready.get(), [&](std::string_view bytes) { append_bounded(ready_, bytes); }))
    return;
  keeper_.ready = io::Descriptor();
  if (ready_ != "ready\n") return;  // the keeper will end
  const Lock lock(mutex_);
  started_ = true;
  stage_ = Stage::running;
  changed_.notify_all();
}

void Supervisor::read_report() {
  if (read_available(keeper_.report.get(), [&](std::string_view bytes) { append_bounded(report_, bytes); }))
    keeper_.report = io::Descriptor();
}

void Supervisor::look_at_limits() {
  const auto now = Clock::now();
  if (forced_) return;
  if (!left_out_.has(Part::wall) && now >= begun_ + job_.limits.wall) return end_because(Cause::wall_limit);
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  if (groups_.kills_now() > 0) return end_because(Cause::memory_limit);
  if (groups_.limit_memory() && groups_.limit_processes()) return;
  const Usage usage = usage_below(keeper_.process);
  peak_ = std::max(peak_, usage.bytes);
  // Bubblewrap has two processes of its own beside the job's.
  if (!left_out_.has(Part::processes) && !groups_.limit_processes() &&
      usage.threads > job_.limits.processes + 2)
    return end_because(Cause::process_limit);
  if (!left_out_.has(Part::memory) && !groups_.limit_memory() && usage.bytes > job_.limits.memory_bytes)
    end_because(Cause::memory_limit);
}

void Supervisor::end_because(Cause cause) {
  if (forced_) return;
  forced_ = cause;
  keeper_.lifeline = io::Descriptor();
}

Ended Supervisor::judge(int code, double cpu_seconds, const JobGroups::Counted& counted) const {
  Ended ended;
  const bool failed = code != 0;
  const bool killed = code == kSignalBase + SIGKILL;
  const bool long_run = cpu_seconds >= static_cast<double>(job_.limits.cpu.count());
  if (forced_ && killed) {
    ended.cause = *forced_;
  } else if (counted.kills > 0 && failed) {
    ended.cause = Cause::memory_limit;
  } else if (code == kSignalBase + SIGXCPU || (killed && long_run && !left_out_.has(Part::cpu))) {
    ended.cause = Cause::cpu_limit;
  } else if (counted.refused_starts > 0 && failed) {
    ended.cause = Cause::process_limit;
  } else if (code > kSignalBase && code < kSignalBase + NSIG) {
    ended.cause = Cause::signalled;
    ended.status = code - kSignalBase;
  } else {
    ended.status = code;
  }
  return ended;
}

void Supervisor::finish() {
  int status = 0;
  struct rusage used {};
  while (::wait4(keeper_.process, &status, 0, &used) < 0 && errno == EINTR) {
  }
  if (keeper_.log.get() >= 0) read_log();
  const Report report = parse_report(report_);
  const JobGroups::Counted counted = groups_.counted(report.files);
  const double cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  ended_ = judge(report.code.value_or(kSignalBase + SIGKILL), cpu_seconds, counted);
  constexpr std::uint64_t kKibibyte = 1024;
  peak_ = counted.peak_memory_bytes > 0
              ? counted.peak_memory_bytes
              : std::max(peak_, static_cast<std::uint64_t>(used.ru_maxrss) * kKibibyte);
  ended_.peak_memory_bytes = peak_;
  ended_.seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  ended_.log = log_.text();
  ended_.log_dropped = log_.dropped();
  const std::string_view said = ready_.starts_with("ready\n") ? std::string_view(ready_).substr(6) : ready_;
  const Lock lock(mutex_);
  failure_ = printable(said.empty() ? std::string_view(ended_.log) : said, 1000);
  if (failure_.ends_with("\\x0a")) failure_.erase(failure_.size() - 4);
  if (failure_.empty()) failure_ = fmt::format("it ended at once ({})", name_of(ended_.cause));
  stage_ = Stage::ended;
  changed_.notify_all();
}

Error Supervisor::no_more(const char* doing) {
  Lock lock(mutex_);
  // A job that closes its descriptors, or ends, is mostly gone a moment later: then the cause can be told.
  changed_.wait_for(mutex_, 200ms, [&]() LEARNDOCK_REQUIRES(mutex_) { return stage_ == Stage::ended; });
  const std::string how = stage_ != Stage::ended ? "it closed the descriptor"
                          : ended_.status != 0 || ended_.cause == Cause::exited
                              ? fmt::format("{} {}", name_of(ended_.cause), ended_.status)
                              : std::string(name_of(ended_.cause));
  return {ErrorCode::sandbox_ended, fmt::format("the job did not {}: {}", doing, how)};
}

Result<void> Supervisor::send(std::span<const std::byte> bytes, std::chrono::milliseconds patience) {
  switch (write_by(requests_.get(), bytes, Clock::now() + patience)) {
    case PipeEnd::done:
      return {};
    case PipeEnd::too_slow:
      return too_slow("read its request");
    case PipeEnd::closed:
      break;
  }
  return Failure(no_more("read its request"));
}

Result<void> Supervisor::receive(std::span<std::byte> bytes, std::chrono::milliseconds patience) {
  switch (read_by(answers_.get(), bytes, Clock::now() + patience)) {
    case PipeEnd::done:
      return {};
    case PipeEnd::too_slow:
      return too_slow("answer");
    case PipeEnd::closed:
      break;
  }
  return Failure(no_more("answer"));
}

const Ended& Supervisor::wait() {
  Lock lock(mutex_);
  while (stage_ != Stage::ended) changed_.wait(mutex_);
  return ended_;
}

void Supervisor::cancel() {
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &kOne, sizeof kOne);
}

}  // namespace learndock::sandbox
