#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace learndock::server {

/// The workers for one kind of request, and their queue. Addresses take turns, however many requests each has
/// waiting. One address holds only a share of the waiting places. One worker more than the usual number
/// serves only addresses of which no request runs, so that a first request never waits behind another
/// address's long ones.
/// @threads safe to call concurrently
class Lane {
 public:
  using Clock = std::chrono::steady_clock;
  using Job = std::function<void()>;
  /// Hands a job to a thread. Must not run it before it returns.
  using Launch = std::function<void(Job)>;

  struct Limits {
    std::string name;
    unsigned workers = 1;
    std::size_t places = 0;                    ///< requests that wait
    std::size_t places_per_address = 0;        ///< waiting requests of one address
    std::chrono::milliseconds patience{0};     ///< a request that waited longer is not begun
    std::chrono::milliseconds stuck_after{0};  ///< a request that runs longer makes the server unready
  };

  /// One request in a lane.
  class Ticket {
   private:
    friend class Lane;
    enum class State { waiting, running, over };
    std::string address;
    Job job;
    Job done;
    State state = State::waiting;
    Clock::time_point began;
  };

  Lane(Limits limits, Launch launch) : limits_(std::move(limits)), launch_(std::move(launch)) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Runs the job when its turn comes, gives the worker back and calls `done`. Null: there is no waiting
  /// place. A job that throws ends like any other; `done` must not throw.
  [[nodiscard]] std::shared_ptr<Ticket> enter(const std::string& address, Job job, Job done);
  /// Gives a waiting request's place back; its job never runs. False: it runs or ran.
  bool withdraw(const std::shared_ptr<Ticket>& ticket);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// How long the oldest running request has run; 0 when none runs.
  [[nodiscard]] std::chrono::nanoseconds oldest(Clock::time_point now) const;

 private:
  struct Of {
    unsigned running = 0;
    std::deque<std::shared_ptr<Ticket>> waiting;
  };
  [[nodiscard]] bool may_run(const Of& of) const;
  void begin(const std::shared_ptr<Ticket>& ticket);
  void leave(const std::shared_ptr<Ticket>& ticket);
  void end(const std::shared_ptr<Ticket>& ticket);
  void fill();
  void forget_if_idle(const std::string& address);

  const Limits limits_;
  const Launch launch_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Of> addresses_;
  std::deque<std::string> turns_;                ///< addresses with a waiting request, next first
  std::deque<std::shared_ptr<Ticket>> running_;  ///< oldest first
  std::size_t waiting_ = 0;
};

}  // namespace learndock::server
