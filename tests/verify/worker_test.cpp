#include "verify/worker.hpp"

#include "../catalog/verification_scene.hpp"
#include "support/kill_at_point.hpp"
#include "verify_scene.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <sys/wait.h>
#include <thread>

namespace learndock::verify {
namespace {

using namespace std::chrono_literals;
using catalog::JobState;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A queue with one job, and a worker that tries a package with a fake model. The clock is the system's.
struct WorkScene : VerifyScene {
  catalog::VerificationScene queue;
  std::filesystem::path zip = write_package();
  Checker checker{surroundings};
  LearnwareId id = queue.add(1);

  [[nodiscard]] std::unique_ptr<catalog::VerificationJobs> jobs(bool check_claims = true) const {
    return catalog::open_verification_jobs(queue.file(), {{}, check_claims}).value();
  }
  [[nodiscard]] WorkerOptions options(std::chrono::milliseconds lease = 30s) const {
    WorkerOptions options;
    options.lease = lease;
    options.idle = 5ms;
    options.retry = 0ms;
    options.order_of = [this](const catalog::Claim&) -> Result<Order> { return Order{zip, std::nullopt}; };
    return options;
  }
  [[nodiscard]] catalog::VerificationStatus status() const { return jobs()->find(id).value(); }
};

TEST(Worker, VerifiesWhatWaits) {
  WorkScene scene;
  const auto jobs = scene.jobs();
  Worker worker(*jobs, scene.checker, scene.options());
  EXPECT_TRUE(worker.run_one({}).value());
  EXPECT_FALSE(worker.run_one({}).value());
  const auto status = scene.status();
  EXPECT_EQ(status.status, catalog::Status::verified);
  EXPECT_THAT(status.verdict.value().checks_json, HasSubstr("determinism"));
  EXPECT_EQ(status.verdict.value().lock_text, "numpy==1.26.4\n");
  EXPECT_THAT(scene.queue.problems(), IsEmpty());
}

TEST(Worker, AFaultOfTheMachineIsTriedThreeTimes) {
  WorkScene scene;
  scene.surroundings.prepare = [](const Unpacked&, std::stop_token) -> Result<Prepared> {
    return fail(ErrorCode::environment_tool, "the package index cannot be reached");
  };
  const auto jobs = scene.jobs();
  Worker worker(*jobs, scene.checker, scene.options());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(worker.run_one({}).value());
  EXPECT_FALSE(worker.run_one({}).value());
  EXPECT_EQ(scene.status().job.value().state, JobState::parked);
  EXPECT_THAT(scene.status().verdict.value().checks_json, HasSubstr("cannot be reached"));
}

TEST(Worker, AStopGivesTheJobBackWithoutAnAttempt) {
  WorkScene scene;
  std::stop_source stop;
  scene.model.predict = [&](const runtime::Array& samples) -> Result<runtime::Array> {
    stop.request_stop();
    return sign_of_first(samples);
  };
  const auto jobs = scene.jobs();
  Worker worker(*jobs, scene.checker, scene.options());
  ASSERT_TRUE(worker.run(stop.get_token()));
  EXPECT_EQ(scene.status().job.value().state, JobState::waiting);
  EXPECT_EQ(scene.status().job.value().attempts, 0u);
}

TEST(Worker, ASlowCheckKeepsItsLease) {
  WorkScene scene;
  std::string stage;
  scene.model.predict = [&](const runtime::Array& samples) -> Result<runtime::Array> {
    if (stage.empty()) {
      std::this_thread::sleep_for(900ms);
      stage = scene.status().job.value().stage;
    }
    return sign_of_first(samples);
  };
  const auto jobs = scene.jobs();
  Worker worker(*jobs, scene.checker, scene.options(600ms));
  ASSERT_TRUE(worker.run_one({}).value());
  EXPECT_EQ(stage, "probes");
  EXPECT_EQ(scene.status().status, catalog::Status::verified);
}

TEST(Worker, ADeletedLearnwareStopsTheWork) {
  WorkScene scene;
  int calls = 0;
  scene.model.predict = [&](const runtime::Array& samples) -> Result<runtime::Array> {
    if (++calls == 1) {
      EXPECT_TRUE(scene.queue.catalog->remove(scene.id));
      std::this_thread::sleep_for(500ms);  // a heartbeat notices
    }
    return sign_of_first(samples);
  };
  const auto jobs = scene.jobs();
  Worker worker(*jobs, scene.checker, scene.options(300ms));
  ASSERT_TRUE(worker.run_one({}).value());
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(scene.queue.problems(), IsEmpty());
}

/// A worker in a process of its own is stopped (SIGSTOP) while it predicts, past its lease, then goes on.
/// @return whether its late result was stored over that of the other worker
bool late_result_is_stored(WorkScene& scene, bool check_claims) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    scene.model.predict = [&, first = true](const runtime::Array& samples) mutable -> Result<runtime::Array> {
      if (std::exchange(first, false)) {
        std::this_thread::sleep_for(100ms);  // stopped between two heartbeats, it holds no lock
        (void)!::write(ends[1], "x", 1);
        ::raise(SIGSTOP);
      }
      return sign_of_first(samples);
    };
    const auto jobs = scene.jobs(check_claims);
    Worker worker(*jobs, scene.checker, scene.options(900ms));
    (void)worker.run_one({});
    ::_exit(0);
  }
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  std::this_thread::sleep_for(1200ms);
  scene.model.load_error = {ErrorCode::model_load, "the other worker sees another model"};
  const auto jobs = scene.jobs();
  Worker other(*jobs, scene.checker, scene.options());
  EXPECT_TRUE(other.run_one({}).value());
  EXPECT_EQ(scene.status().status, catalog::Status::failed);
  ::kill(child, SIGCONT);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return scene.status().status == catalog::Status::verified;
}

TEST(Worker, AProcessStoppedPastItsLeaseCannotStoreItsLateResult) {
  for (int round = 0; round < 3; ++round) {
    WorkScene scene;
    EXPECT_FALSE(late_result_is_stored(scene, true));
    EXPECT_THAT(scene.queue.problems(), IsEmpty());
  }
}

TEST(Worker, WithoutTheCheckOfClaimsTheLateResultIsStored) {
  WorkScene scene;
  EXPECT_TRUE(late_result_is_stored(scene, false)) << "the test above could not fail";
}

TEST(Worker, ACrashAtAnyPointLosesNoJob) {
  for (const char* const point : {"worker.claimed", "worker.checked", "worker.finished", "renew.written",
                                  "finish.verdict", "finish.job", "finish.status", "finish.committed"}) {
    WorkScene scene;
    scene.queue.jobs.reset();
    scene.queue.catalog.reset();
    const auto run = testing::kill_at_point(point, 0, [&](const auto&) {
      const auto jobs = scene.jobs();
      (void)Worker(*jobs, scene.checker, scene.options(200ms)).run_one({});
    });
    EXPECT_TRUE(run.killed) << point;
    std::this_thread::sleep_for(250ms);
    const auto jobs = scene.jobs();
    EXPECT_THAT(jobs->problems().value(), IsEmpty()) << point;
    (void)Worker(*jobs, scene.checker, scene.options()).run_one({});
    EXPECT_EQ(scene.status().status, catalog::Status::verified) << point;
    EXPECT_THAT(jobs->problems().value(), IsEmpty()) << point;
  }
}

}  // namespace
}  // namespace learndock::verify
