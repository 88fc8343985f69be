#include "catalog/verification_jobs.hpp"
#include "kept_dock.hpp"

namespace learndock::dock {
namespace {

using namespace std::chrono_literals;
using catalog::Outcome;
using catalog::Status;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class Verification : public KeptDock {
 protected:
  /// As a worker would: the next job ends with this outcome.
  void end_next(Outcome outcome) const {
    const auto jobs = catalog::open_verification_jobs(catalogue()).value();
    const catalog::Claim claim = jobs->claim("w", 30s).value().value();
    catalog::Verdict verdict;
    verdict.outcome = outcome;
    verdict.package_digest = claim.package_digest;
    verdict.checks_json = outcome == Outcome::passed ? R"([{"message":"","name":"load","passed":true}])"
                                                     : R"([{"message":"","name":"load","passed":false}])";
    verdict.figures_json = "{}";
    const auto stored = jobs->finish(claim, verdict);
    ASSERT_TRUE(stored.has_value()) << describe(stored.error());
  }
  static std::vector<std::string> found(const Dock& opened, std::vector<Status> statuses,
                                        bool by_specification = false) {
    query::SearchRequest request;
    request.statuses = std::move(statuses);
    if (by_specification) request.specification = testing::random_specification({5, 3}, 1);
    const auto answer = opened.search(request);
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : describe(answer.error()));
    std::vector<std::string> ids;
    for (const query::SingleHit& hit : answer->singles) ids.push_back(hit.id.text());
    return ids;
  }
};

TEST_F(Verification, SearchesKeepToTheWantedStatuses) {
  const auto opened = open();
  add(*opened, 1, 5);
  EXPECT_TRUE(found(*opened, {Status::verified}).empty());
  end_next(Outcome::passed);
  end_next(Outcome::failed);
  for (const bool by_specification : {false, true}) {
    EXPECT_THAT(found(*opened, {Status::verified}, by_specification), ElementsAre("00000001"));
    EXPECT_THAT(found(*opened, {Status::failed}, by_specification), ElementsAre("00000002"));
    EXPECT_THAT(found(*opened, {Status::unverified}, by_specification),
                UnorderedElementsAre("00000003", "00000004"));
    EXPECT_THAT(found(*opened, {Status::failed, Status::verified}, by_specification),
                UnorderedElementsAre("00000001", "00000002"));
    EXPECT_EQ(found(*opened, {}, by_specification).size(), 4u);
  }
  ASSERT_TRUE(opened->remove(LearnwareId::from_number(1)));
  EXPECT_TRUE(found(*opened, {Status::verified}).empty());
}

TEST_F(Verification, HitsSayTheirStatus) {
  const auto opened = open();
  add(*opened, 1, 3);
  end_next(Outcome::passed);
  query::SearchRequest request;
  request.specification = testing::random_specification({5, 3}, 1);
  const query::SearchAnswer answer = opened->search(request).value();
  ASSERT_EQ(answer.singles.size(), 2u);
  for (const query::SingleHit& hit : answer.singles)
    EXPECT_EQ(hit.status, hit.id.text() == "00000001" ? Status::verified : Status::unverified);
  const Json json = query::to_json(answer);
  EXPECT_TRUE(json["singles"][0]["status"].is_string());
  EXPECT_EQ(query::answer_from_json(json)->singles[0].status, answer.singles[0].status);
}

TEST_F(Verification, AVerdictSurvivesReopeningAndGoesWithARepair) {
  {
    const auto opened = open();
    add(*opened, 1, 2);
    end_next(Outcome::passed);
  }
  const auto id = LearnwareId::from_number(1);
  EXPECT_EQ(open()->find(id)->status, Status::verified);
  EXPECT_EQ(check_dock(dock(), {})->damages(), 0u);
  {
    const auto file = catalog::Connection::open(catalogue(), catalog::Connection::Mode::read_write).value();
    ASSERT_TRUE(file->execute("DELETE FROM verdict"));
  }
  CheckOptions repair;
  repair.repair = true;
  ASSERT_TRUE(check_dock(dock(), repair));
  const auto opened = open();
  EXPECT_EQ(opened->find(id)->status, Status::unverified) << "without evidence it is not verified";
  EXPECT_EQ(opened->verification(id)->job->state, catalog::JobState::waiting);
}

TEST_F(Verification, AskingAgainNeedsAPackage) {
  const auto opened = open();
  add(*opened, 1, 2);
  const auto id = LearnwareId::from_number(1);
  end_next(Outcome::failed);
  const auto again = opened->verify_again(id);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->place, 1u);
  const Json json = to_json(*again);
  EXPECT_EQ(json["state"], "waiting");
  EXPECT_EQ(json["status"], "failed");
  EXPECT_EQ(json["verdict"], "failed");
  EXPECT_EQ(opened->verify_again(LearnwareId::from_number(9)).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace learndock::dock
