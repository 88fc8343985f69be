// kill -9 at every named crash point of the queue, and at random moments.
#include "support/kill_at_point.hpp"
#include "support/kill_nine.hpp"
#include "verification_scene.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace learndock::catalog {
namespace {

using namespace learndock::testing;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr const char* kPoints[] = {
    "insert.record",       "insert.job",      "insert.committed", "remove.record",    "claim.begun",
    "claim.written",       "claim.committed", "claim.parked",     "renew.written",    "renew.committed",
    "finish.verdict",      "finish.job",      "finish.status",    "finish.committed", "give_back.written",
    "give_back.committed", "ask.written"};

/// A worker and a client that do everything the queue offers, for a while, and say what was acknowledged.
void work(const std::filesystem::path& file, unsigned seed, int steps, std::int64_t start,
          const std::function<void(const std::string&)>& say) {
  std::int64_t now = start;
  const auto catalog = open_sqlite_catalog(file, false).value();
  const auto jobs = open_verification_jobs(file, {[&] { return now; }, true}).value();
  std::mt19937 random(seed);
  std::uint64_t number = std::uint64_t{seed} * 100'000 + 1;
  for (int step = 0; step < steps; ++step) {
    const LearnwareRecord record = packaged_record(number++);
    const auto added = catalog->insert({&record, 1});
    if (!added) ::_exit(3);
    say("added " + added->front().id.text());
    const auto claim = jobs->claim("worker", 30s).value();
    if (!claim) continue;
    if (!jobs->renew(*claim, "load", 30s)) ::_exit(4);
    switch (step < 3 ? 0 : random() % 6) {  // the first job loses three workers, and is parked
      case 0:
        now += 31'000;  // it is stopped past its lease
        break;
      case 1:
        if (!jobs->give_back(*claim, "later", true, 1s)) ::_exit(5);
        break;
      case 2:
        if (!catalog->remove(claim->id)) ::_exit(6);
        say("removed " + claim->id.text());
        break;
      default: {
        const bool passes = random() % 2 == 0;
        if (!jobs->finish(*claim, verdict_on(*claim, passes))) ::_exit(7);
        say(fmt::format("{} {} {}", passes ? "passed" : "failed", claim->id.text(), claim->fencing));
        if (random() % 4 == 0) {
          if (!jobs->ask_again(claim->id)) ::_exit(8);
          say("asked " + claim->id.text());
        }
      }
    }
    now += 500;
  }
}

/// Checks the catalogue against what was acknowledged. @return what is wrong, one line each
std::vector<std::string> violations(const std::filesystem::path& file,
                                    const std::vector<std::string>& lines) {
  const auto catalog = open_sqlite_catalog(file, false).value();
  const auto jobs = open_verification_jobs(file).value();
  std::vector<std::string> wrong = catalog->problems().value();
  std::set<std::string> removed, asked, claims;
  std::map<std::string, std::string> verdict_of;
  for (const std::string& line : lines) {
    const std::string word = line.substr(0, line.find(' ')), rest = line.substr(line.find(' ') + 1);
    const std::string id = rest.substr(0, rest.find(' '));
    if (word == "removed") removed.insert(id);
    if (word == "asked") asked.insert(id);
    if (word != "passed" && word != "failed") continue;
    if (!claims.insert(rest).second) wrong.push_back("two verdicts of one claim: " + rest);
    verdict_of[id] = word;
  }
  for (const std::string& line : lines) {
    if (!line.starts_with("added ")) continue;
    const std::string id = line.substr(6);
    if (removed.contains(id)) continue;
    const auto found = jobs->find(LearnwareId::create(id).value());
    // A removal may have been carried out and not acknowledged.
    if (!found && line != lines.back()) continue;
    if (!found || !found->job) wrong.push_back("lost: " + id);
    const auto verdict = verdict_of.find(id);
    if (!found || verdict == verdict_of.end() || asked.contains(id)) continue;
    if (!found->verdict || outcome_name(found->verdict->outcome) != verdict->second)
      wrong.push_back("lost: the verdict on " + id);
  }
  return wrong;
}

/// Ends every job, as a worker does after the crash. @return jobs that do not come to an end
std::uint64_t left_after_draining(const std::filesystem::path& file, std::int64_t now) {
  const auto jobs = open_verification_jobs(file, {[&] { return now; }, true}).value();
  now += 1'000'000;
  while (const auto claim = jobs->claim("drain", 30s).value()) {
    EXPECT_LE(claim->attempt, kMostAttempts);
    EXPECT_TRUE(jobs->finish(*claim, verdict_on(*claim, true)));
  }
  EXPECT_THAT(jobs->problems().value(), IsEmpty());
  const JobCounts counts = jobs->counts().value();
  return counts.waiting + counts.running;
}

constexpr std::int64_t kStart = 1'000'000'000'000;

TEST(VerificationCrash, NothingIsLostAtAnyNamedPoint) {
  for (const char* const point : kPoints) {
    for (const int pass : {0, 4}) {
      VerificationScene scene;
      scene.jobs.reset();
      scene.catalog.reset();
      const auto run =
          kill_at_point(point, pass, [&](const auto& say) { work(scene.file(), 7, 40, kStart, say); });
      EXPECT_TRUE(run.killed || pass > 0) << point << " was not passed";
      EXPECT_THAT(violations(scene.file(), run.lines), IsEmpty()) << point << ", pass " << pass;
      EXPECT_EQ(left_after_draining(scene.file(), kStart + 60 * 40'000), 0u) << point << ", pass " << pass;
    }
  }
}

TEST(VerificationCrash, TheTestSeesAVerdictThatWasAcknowledgedTooEarly) {
  VerificationScene scene;
  const LearnwareId id = scene.add(1);
  scene.jobs.reset();
  scene.catalog.reset();
  const auto run = kill_at_point(
      "finish.status", 0,
      [&](const auto& say) {
        say("added " + id.text());
        const auto jobs = open_verification_jobs(scene.file()).value();
        const Claim claim = jobs->claim("hasty", 30s).value().value();
        (void)jobs->finish(claim, verdict_on(claim, true));
      },
      [&](const auto& say) { say("passed " + id.text() + " 1"); });
  ASSERT_TRUE(run.killed);
  EXPECT_THAT(violations(scene.file(), run.lines), ::testing::Contains("lost: the verdict on " + id.text()));
}

TEST(VerificationCrash, NothingIsLostAtRandomMoments) {
  VerificationScene scene;
  scene.jobs.reset();
  scene.catalog.reset();
  std::vector<std::string> lines;
  for (unsigned round = 0; round < kill_points(30); ++round) {
    const std::int64_t start = kStart + std::int64_t{round} * 100'000'000;
    const auto said = run_and_kill(
        round + 1, [&](const Acknowledge& say) { work(scene.file(), round + 1, 1'000'000, start, say); });
    lines.insert(lines.end(), said.begin(), said.end());
    EXPECT_THAT(violations(scene.file(), said), IsEmpty()) << "round " << round;
  }
  EXPECT_GT(lines.size(), 60u) << "the rounds were too short to prove anything";
  EXPECT_EQ(left_after_draining(scene.file(), kStart + std::int64_t{kill_points(30)} * 100'000'000), 0u);
}

}  // namespace
}  // namespace learndock::catalog
