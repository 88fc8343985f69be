#pragma once

#include "base/mutex.hpp"
#include "sandbox/control_groups.hpp"
#include "sandbox/job_log.hpp"
#include "sandbox/start_keeper.hpp"
#include "sandbox/switches.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace learndock::sandbox {

/// One job and the thread that watches it: the thread reads the log, sees limits reached, and learns from the
/// keeper how the job ended.
class Supervisor final : public Process {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Process>> begin(const Job& job, const LeftOut& left_out);
  ~Supervisor() override;

  [[nodiscard]] Result<void> send(std::span<const std::byte> bytes,
                                  std::chrono::milliseconds patience) override;
  [[nodiscard]] Result<void> receive(std::span<std::byte> bytes, std::chrono::milliseconds patience) override;
  void close_requests() override { requests_ = io::Descriptor(); }
  [[nodiscard]] const Ended& wait() override;
  void cancel() override;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Stage { starting, running, ended };

  Supervisor(const Job& job, const LeftOut& left_out, Keeper keeper, JobGroups groups, io::Descriptor wake);

  // The watching thread.
  void watch();
  [[nodiscard]] int patience(Clock::time_point now) const;
  void wait_for_news(int milliseconds);
  void read_log();
  void read_ready();
  void read_report();
  void look_at_limits();
  void end_because(Cause cause);
  void finish();
  [[nodiscard]] Ended judge(int code, double cpu_seconds, const JobGroups::Counted& counted) const;

  [[nodiscard]] Error no_more(const char* doing);
  [[nodiscard]] Result<void> await_start();

  const Job job_;
  const LeftOut left_out_;
  const JobGroups groups_;
  io::Descriptor requests_, answers_;  ///< the caller's thread
  io::Descriptor wake_;                ///< written by `cancel`

  // The watching thread alone.
  Keeper keeper_;
  JobLog log_;
  std::string ready_, report_;
  std::optional<Cause> forced_;
  std::uint64_t peak_ = 0;
  Clock::time_point begun_ = Clock::now(), next_look_ = begun_;

  Mutex mutex_;
  std::condition_variable_any changed_;
  Stage stage_ LEARNDOCK_GUARDED_BY(mutex_) = Stage::starting;
  bool started_ LEARNDOCK_GUARDED_BY(mutex_) = false;  ///< the job's program ran
  std::string failure_ LEARNDOCK_GUARDED_BY(mutex_);   ///< why it did not
  Ended ended_;                                        ///< does not change once the stage is `ended`
  std::thread thread_;
};

}  // namespace learndock::sandbox
