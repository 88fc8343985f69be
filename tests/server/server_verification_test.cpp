// The verification of packages over HTTP. No worker runs here: the test takes its place.
#include "catalog/verification_jobs.hpp"
#include "server/server_fixture.hpp"

namespace learndock::testing {
namespace {

using namespace std::chrono_literals;

class VerificationTest : public ServerTest {
 protected:
  void end_next(bool passes) const {
    const auto jobs = catalog::open_verification_jobs(folder_ / "dock" / "catalog.sqlite").value();
    const catalog::Claim claim = jobs->claim("w", 30s).value().value();
    catalog::Verdict verdict;
    verdict.outcome = passes ? catalog::Outcome::passed : catalog::Outcome::failed;
    verdict.package_digest = claim.package_digest;
    verdict.checks_json = fmt::format(R"([{{"message":"well","name":"load","passed":{}}}])", passes);
    verdict.figures_json = R"({"rows_per_second":7})";
    verdict.log = "<script>";
    ASSERT_TRUE(jobs->finish(claim, verdict));
  }
};

TEST_F(VerificationTest, AnUploadAnswersWithItsJob) {
  start();
  const RawAnswer answer = upload(example_package_bytes(1));
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json()["verification"]["state"], "waiting");
  EXPECT_EQ(answer.json()["verification"]["place"], 1);
}

TEST_F(VerificationTest, TheEvidenceIsShownAndAskedForAgain) {
  const LearnwareId id = add(1);
  start();
  const std::string path = "/v1/learnwares/" + id.text() + "/verification";
  EXPECT_TRUE(ask("GET " + path).json()["verdict"].is_null());
  end_next(true);
  const Json found = ask("GET " + path).json();
  EXPECT_EQ(found["status"], "verified");
  EXPECT_EQ(found["verdict"], "passed");
  EXPECT_EQ(found["checks"][0]["name"], "load");
  EXPECT_EQ(found["figures"]["rows_per_second"], 7);
  EXPECT_EQ(found["log"], "<script>");
  const RawAnswer again = ask("POST " + path);
  EXPECT_EQ(again.status, 202) << again.body;
  EXPECT_EQ(again.json()["state"], "waiting");
  EXPECT_EQ(client().verification(id).value()["state"], "waiting");
  EXPECT_EQ(client().verify_again(id).value()["state"], "waiting");
  EXPECT_EQ(ask("GET /v1/learnwares/none/verification").status, 404);
  EXPECT_EQ(ask("POST /v1/learnwares/none/verification").status, 404);
}

TEST_F(VerificationTest, AskingAgainNeedsTheRightToPush) {
  options_.token = "0123456789abcdef";
  const LearnwareId id = add(1);
  start();
  const std::string line = "POST /v1/learnwares/" + id.text() + "/verification";
  EXPECT_EQ(ask(line).status, 401);
  EXPECT_EQ(ask(line, "Authorization: Bearer 0123456789abcdef\r\n").status, 202);
}

TEST_F(VerificationTest, StatusIsAFilterOfSearches) {
  (void)add(1);
  (void)add(2);
  end_next(true);
  start();
  const auto hits = [&](const std::string& body) {
    return ask("POST /v1/search", kJson, body).json()["singles"];
  };
  EXPECT_EQ(hits(R"({"status":["verified"]})").size(), 1u);
  EXPECT_EQ(hits(R"({"status":["verified"]})")[0]["status"], "verified");
  EXPECT_EQ(hits(R"({"status":["unverified","verified"]})").size(), 2u);
  EXPECT_EQ(ask("POST /v1/search", kJson, R"({"status":["good"]})").status, 400);
  EXPECT_EQ(ask("POST /v1/search", kJson, R"({"status":[]})").status, 400);
}

TEST_F(VerificationTest, ADockMayAnswerWithVerifiedLearnwaresAlone) {
  options_.only_verified = true;
  (void)add(1);
  (void)add(2);
  end_next(true);
  start();
  EXPECT_EQ(ask("POST /v1/search", kJson, "{}").json()["singles"].size(), 1u);
  EXPECT_EQ(ask("POST /v1/search", kJson, R"({"status":["failed"]})").status, 400);
  EXPECT_EQ(ask("GET /v1/status").json()["verification"]["only_verified"], true);
  EXPECT_EQ(ask("GET /v1/status").json()["verification"]["jobs"]["done"], 1);
  await_metric("learndock_verify_jobs{state=\"waiting\"} 1");
}

}  // namespace
}  // namespace learndock::testing
