#include "catalog/verification_jobs.hpp"

#include "verification_scene.hpp"

#include <gmock/gmock.h>

namespace learndock::catalog {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(VerificationJobs, APackageWaitsFromItsInsertionOn) {
  VerificationScene scene;
  const LearnwareId first = scene.add(1), second = scene.add(2);
  const auto status = scene.jobs->find(second).value();
  EXPECT_EQ(status.job.value().state, JobState::waiting);
  EXPECT_EQ(status.place, 2u);
  EXPECT_EQ(status.status, Status::unverified);
  EXPECT_FALSE(status.verdict.has_value());
  EXPECT_EQ(scene.jobs->counts().value().waiting, 2u);
  EXPECT_EQ(scene.claim().id, first);
  EXPECT_EQ(scene.jobs->find(second).value().place, 1u);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, ALearnwareWithoutAPackageHasNone) {
  VerificationScene scene;
  std::vector<LearnwareRecord> one(1);
  one[0].name = "elsewhere";
  const LearnwareId id = scene.catalog->insert(one).value().front().id;
  EXPECT_FALSE(scene.jobs->find(id).value().job.has_value());
  EXPECT_FALSE(scene.jobs->claim("w", 30s).value().has_value());
  EXPECT_EQ(scene.jobs->ask_again(id).error().code, ErrorCode::not_verifiable);
}

TEST(VerificationJobs, AVerdictAndItsStatusAreStoredTogether) {
  VerificationScene scene;
  const LearnwareId good = scene.add(1), bad = scene.add(2);
  const Claim first = scene.claim("worker 7"), second = scene.claim();
  EXPECT_GT(second.fencing, first.fencing);
  EXPECT_EQ(scene.jobs->find(good).value().job.value().worker, "worker 7");
  ASSERT_TRUE(scene.jobs->finish(first, verdict_on(first, true)));
  ASSERT_TRUE(scene.jobs->finish(second, verdict_on(second, false)));
  EXPECT_EQ(scene.status(good), Status::verified);
  EXPECT_EQ(scene.status(bad), Status::failed);
  const auto found = scene.jobs->find(good).value();
  EXPECT_EQ(found.job.value().state, JobState::done);
  EXPECT_EQ(found.verdict.value().fencing, first.fencing);
  EXPECT_EQ(found.verdict.value().log, "hello");
  EXPECT_EQ(found.verdict.value().finished_unix_ms, scene.now);
  EXPECT_EQ(scene.catalog->status_changes().value(), 2u);
  EXPECT_EQ(scene.catalog->tried().value().size(), 2u);
  EXPECT_THAT(scene.catalog->statuses(std::vector{bad, LearnwareId::from_number(9), good}).value(),
              ::testing::ElementsAre(Status::failed, Status::unverified, Status::verified));
  EXPECT_FALSE(scene.jobs->claim("w", 30s).value().has_value());
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, APassingVerdictNeedsPassingChecks) {
  VerificationScene scene;
  scene.add(1);
  const Claim claim = scene.claim();
  Verdict verdict = verdict_on(claim, true);
  for (const char* checks : {"[]", "{}", R"([{"name":"load","passed":false}])", R"([{"name":"load"}])"}) {
    verdict.checks_json = checks;
    EXPECT_EQ(scene.jobs->finish(claim, verdict).error().code, ErrorCode::invalid_argument) << checks;
  }
  verdict = verdict_on(claim, true);
  verdict.package_digest = std::string(64, 'f');
  EXPECT_EQ(scene.jobs->finish(claim, verdict).error().code, ErrorCode::conflict);
  verdict = verdict_on(claim, true);
  verdict.log = std::string(kMostLogBytes + 1, 'x');
  EXPECT_EQ(scene.jobs->finish(claim, verdict).error().code, ErrorCode::too_large);
}

/// What a worker that was stopped past its lease may still store when another has the job.
Result<void> late_result(VerificationScene& scene, VerificationJobs& its_queue) {
  const Claim late = its_queue.claim("stopped", 30s).value().value();
  scene.now += 31'000;
  const Claim next = scene.claim("other");
  EXPECT_EQ(next.id, late.id);
  EXPECT_EQ(next.attempt, 2u);
  EXPECT_TRUE(scene.jobs->finish(next, verdict_on(next, false)));
  return its_queue.finish(late, verdict_on(late, true));
}

TEST(VerificationJobs, AWorkerStoppedPastItsLeaseCannotStoreItsLateResult) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  const auto stored = late_result(scene, *scene.jobs);
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().code, ErrorCode::lease_lost);
  EXPECT_EQ(scene.status(id), Status::failed);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, TheTestOfLateResultsSeesOneThatIsStored) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  const auto careless = scene.queue(false);
  EXPECT_TRUE(late_result(scene, *careless).has_value()) << "the check of claims is off";
  EXPECT_EQ(scene.status(id), Status::verified) << "the late result has replaced the verdict";
  EXPECT_THAT(scene.problems(), ::testing::Not(IsEmpty()));
}

TEST(VerificationJobs, ALeaseThatIsOverIsLostAlsoWhenNoOneElseHasTheJob) {
  VerificationScene scene;
  scene.add(1);
  const Claim claim = scene.claim();
  ASSERT_TRUE(scene.jobs->renew(claim, "load", 30s));
  scene.now += 29'000;
  ASSERT_TRUE(scene.jobs->renew(claim, "probes", 30s));
  EXPECT_EQ(scene.jobs->find(claim.id).value().job.value().stage, "probes");
  scene.now += 30'000;
  EXPECT_EQ(scene.jobs->renew(claim, "probes", 30s).error().code, ErrorCode::lease_lost);
  EXPECT_EQ(scene.jobs->finish(claim, verdict_on(claim, true)).error().code, ErrorCode::lease_lost);
  EXPECT_EQ(scene.jobs->give_back(claim, "x", true, 0s).error().code, ErrorCode::lease_lost);
}

TEST(VerificationJobs, AClockThatIsSetBackKeepsNoJobFromOthers) {
  VerificationScene scene;
  scene.add(1);
  const Claim claim = scene.claim();
  scene.now -= 24 * 3'600'000;
  EXPECT_EQ(scene.claim("other").id, claim.id);
  EXPECT_EQ(scene.jobs->finish(claim, verdict_on(claim, true)).error().code, ErrorCode::lease_lost);
}

TEST(VerificationJobs, AThirdLostWorkerParksTheJobWithEvidence) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Claim claim = scene.claim("fragile");
    ASSERT_TRUE(scene.jobs->renew(claim, "load", 30s));
    scene.now += 31'000;
  }
  EXPECT_FALSE(scene.jobs->claim("w", 30s).value().has_value());
  const auto status = scene.jobs->find(id).value();
  EXPECT_EQ(status.job.value().state, JobState::parked);
  EXPECT_EQ(status.verdict.value().outcome, Outcome::parked);
  EXPECT_THAT(status.verdict.value().checks_json, HasSubstr("tried 3 times; the last worker (fragile)"));
  EXPECT_EQ(status.status, Status::unverified);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, AFailedAttemptIsTriedAgainLaterAndParkedAfterTheThird) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const Claim claim = scene.claim();
    EXPECT_EQ(claim.attempt, static_cast<std::uint64_t>(attempt));
    ASSERT_TRUE(scene.jobs->give_back(claim, "no package index", true, 10s));
    EXPECT_FALSE(scene.jobs->claim("w", 30s).value().has_value()) << "not due yet";
    scene.now += 10'000;
  }
  const auto status = scene.jobs->find(id).value();
  EXPECT_EQ(status.job.value().state, JobState::parked);
  EXPECT_THAT(status.verdict.value().checks_json, HasSubstr("no package index"));
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, AWorkerThatIsToldToStopUsesNoAttempt) {
  VerificationScene scene;
  scene.add(1);
  for (int i = 0; i < 5; ++i) {
    const Claim claim = scene.claim();
    EXPECT_EQ(claim.attempt, 1u);
    ASSERT_TRUE(scene.jobs->give_back(claim, "the worker stops", false, 0s));
  }
}

TEST(VerificationJobs, AskingAgainKeepsTheStatusUntilThereIsAnotherVerdict) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  Claim claim = scene.claim();
  ASSERT_TRUE(scene.jobs->finish(claim, verdict_on(claim, true)));
  scene.add(2);
  EXPECT_EQ(scene.jobs->ask_again(id).value().job.value().state, JobState::waiting);
  EXPECT_EQ(scene.status(id), Status::verified);
  EXPECT_THAT(scene.problems(), IsEmpty());
  EXPECT_NE(scene.claim().id, id) << "it waits behind the others";
  claim = scene.claim();
  EXPECT_EQ(claim.id, id);
  EXPECT_THAT(scene.problems(), IsEmpty());
  ASSERT_TRUE(scene.jobs->finish(claim, verdict_on(claim, false)));
  EXPECT_EQ(scene.status(id), Status::failed);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, ADeletionTakesJobAndVerdictAway) {
  VerificationScene scene;
  const LearnwareId verified = scene.add(1), running = scene.add(2);
  Claim claim = scene.claim();
  ASSERT_TRUE(scene.jobs->finish(claim, verdict_on(claim, true)));
  claim = scene.claim();
  const LearnwareRecord record = scene.catalog->find(verified).value();
  ASSERT_TRUE(scene.catalog->remove(verified));
  ASSERT_TRUE(scene.catalog->remove(running));
  EXPECT_EQ(scene.jobs->finish(claim, verdict_on(claim, true)).error().code, ErrorCode::lease_lost);
  EXPECT_EQ(scene.jobs->counts().value().done, 0u);
  EXPECT_TRUE(scene.catalog->tried().value().empty());
  EXPECT_THAT(scene.problems(), IsEmpty());
  // Brought back, it is a learnware whose package is to be tried again.
  ASSERT_TRUE(scene.catalog->insert({&record, 1}));
  EXPECT_EQ(scene.status(verified), Status::unverified);
  EXPECT_EQ(scene.jobs->find(verified).value().job.value().state, JobState::waiting);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, ARepairedRecordIsVerifiedAgain) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  const Claim claim = scene.claim();
  ASSERT_TRUE(scene.jobs->finish(claim, verdict_on(claim, true)));
  const LearnwareRecord record = scene.catalog->find(id).value();
  ASSERT_TRUE(scene.catalog->put({&record, 1}));
  EXPECT_EQ(scene.status(id), Status::unverified);
  EXPECT_EQ(scene.jobs->find(id).value().job.value().state, JobState::waiting);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

TEST(VerificationJobs, PackagesOfAnOlderCatalogueGetAJobEach) {
  VerificationScene scene;
  scene.add(1);
  std::vector<LearnwareRecord> elsewhere(1);
  elsewhere[0].name = "elsewhere";
  ASSERT_TRUE(scene.catalog->insert(elsewhere));
  scene.jobs.reset();
  scene.catalog.reset();
  scene.change(
      "DROP TABLE verdict; DROP TABLE verification_job; DROP INDEX learnware_tried; DELETE FROM counter "
      "WHERE "
      "name IN ('fencing', 'verdicts'); PRAGMA user_version = 5");
  EXPECT_EQ(open_verification_jobs(scene.file()).error().code, ErrorCode::unsupported);
  scene.catalog = open_sqlite_catalog(scene.file(), false).value();
  scene.jobs = scene.queue();
  EXPECT_EQ(scene.jobs->counts().value().waiting, 1u);
  EXPECT_THAT(scene.problems(), IsEmpty());
}

/// Each rule, broken as damage or a fault of a program could break it.
TEST(VerificationJobs, EveryBrokenRuleIsNoticed) {
  const std::pair<const char*, const char*> broken[] = {
      {"DELETE FROM verdict", "its status is not that of a verdict"},
      {"DELETE FROM verdict; DELETE FROM verification_job WHERE sequence = 1", "no verification job"},
      {"INSERT INTO verification_job VALUES (99, 'waiting', 0, 0, 0, 0, 0, '', '', '')", "to no package"},
      {"UPDATE verdict SET package_digest = 'another'", "its status is not that of a verdict"},
      {"UPDATE verdict SET outcome = 'failed'", "its status is not that of a verdict"},
      {"UPDATE verdict SET log = 'kinder'", "the checksum does not fit"},
      {"UPDATE verdict SET fencing = 0", "without the verdict of its last claim"},
      {"UPDATE verification_job SET state = 'running' WHERE sequence = 1", "runs and has ended"},
      {"UPDATE verification_job SET state = 'running' WHERE sequence = 2", "no worker has claimed it"},
      {"UPDATE verification_job SET state = 'lost' WHERE sequence = 2", "a state that cannot be"},
      {"UPDATE verification_job SET attempts = 4 WHERE sequence = 2", "more often than allowed"},
      {"UPDATE verification_job SET fencing = 77 WHERE sequence = 2", "given twice or never"},
      {"UPDATE verification_job SET fencing = 1", "given twice or never"},
      {"UPDATE verification_job SET state = 'done' WHERE sequence = 2", "without the verdict"},
      {"DROP TABLE verdict", "no table verdict"},
  };
  for (const auto& [sql, says] : broken) {
    VerificationScene scene;
    scene.add(1);
    scene.add(2);
    const Claim claim = scene.claim();
    ASSERT_TRUE(scene.jobs->finish(claim, verdict_on(claim, true)));
    ASSERT_THAT(scene.problems(), IsEmpty());
    scene.change(sql);
    EXPECT_THAT(scene.problems(), ::testing::Contains(HasSubstr(says))) << sql;
  }
}

}  // namespace
}  // namespace learndock::catalog
