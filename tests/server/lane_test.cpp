#include "server/lane.hpp"

#include "server/budget.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace learndock::server {
namespace {

/// A lane whose threads are this vector: a job runs when the test says so.
class LaneTest : public ::testing::Test {
 protected:
  Lane::Limits limits(unsigned workers, std::size_t places, std::size_t per_address) {
    Lane::Limits limits;
    limits.workers = workers;
    limits.places = places;
    limits.places_per_address = per_address;
    return limits;
  }
  std::shared_ptr<Lane::Ticket> enter(Lane& lane, const std::string& address) {
    return lane.enter(
        address, [this, address] { ran_.push_back(address); }, [] {});
  }
  Lane::Launch launch() {
    return [this](Lane::Job job) { launched_.push_back(std::move(job)); };
  }
  /// Ends the oldest running request.
  void finish_one() {
    ASSERT_FALSE(launched_.empty());
    const Lane::Job job = std::move(launched_.front());
    launched_.erase(launched_.begin());
    job();
  }
  void finish_all() {
    while (!launched_.empty()) finish_one();
  }

  std::vector<Lane::Job> launched_;
  std::vector<std::string> ran_;
};

TEST_F(LaneTest, RunsAsManyAsItHasWorkersAndQueuesTheRest) {
  Lane lane(limits(2, 1, 1), launch());
  EXPECT_TRUE(enter(lane, "a"));
  EXPECT_TRUE(enter(lane, "a"));
  EXPECT_TRUE(enter(lane, "a"));
  EXPECT_EQ(launched_.size(), 2u);
  EXPECT_FALSE(enter(lane, "a")) << "the queue is full";
  finish_one();
  EXPECT_EQ(launched_.size(), 2u) << "the waiting one took the free worker";
  finish_all();
  EXPECT_EQ(ran_.size(), 3u);
}

TEST_F(LaneTest, OneAddressCannotFillTheQueue) {
  Lane lane(limits(1, 4, 2), launch());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(enter(lane, "greedy")) << i;
  EXPECT_FALSE(enter(lane, "greedy"));
  EXPECT_TRUE(enter(lane, "other"));
  EXPECT_TRUE(enter(lane, "other"));
}

TEST_F(LaneTest, AFirstRequestDoesNotWaitBehindAnotherAddressesLongOnes) {
  Lane lane(limits(1, 10, 10), launch());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(enter(lane, "greedy"));
  EXPECT_EQ(launched_.size(), 1u);
  EXPECT_TRUE(enter(lane, "other"));
  EXPECT_EQ(launched_.size(), 2u) << "runs at once";
  EXPECT_TRUE(enter(lane, "third"));
  EXPECT_EQ(launched_.size(), 2u) << "but only one such";
}

TEST_F(LaneTest, AddressesTakeTurnsWhateverEachHasWaiting) {
  Lane lane(limits(1, 20, 10), launch());
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(enter(lane, "greedy"));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(enter(lane, "b"));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(enter(lane, "c"));
  finish_all();
  ASSERT_EQ(ran_.size(), 10u);
  const std::vector<std::string> first(ran_.begin(), ran_.begin() + 8);
  EXPECT_EQ(std::count(first.begin(), first.end(), "b"), 2);
  EXPECT_EQ(std::count(first.begin(), first.end(), "c"), 2);
}

TEST_F(LaneTest, AWithdrawnRequestNeverRunsAndFreesItsPlace) {
  Lane lane(limits(1, 1, 1), launch());
  const auto running = enter(lane, "a");
  const auto waiting = enter(lane, "a");
  EXPECT_FALSE(enter(lane, "a"));
  EXPECT_FALSE(lane.withdraw(running));
  EXPECT_TRUE(lane.withdraw(waiting));
  EXPECT_FALSE(lane.withdraw(waiting)) << "twice";
  EXPECT_TRUE(enter(lane, "b"));
  finish_all();
  EXPECT_EQ(ran_, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(lane.withdraw(running)) << "over";
}

TEST_F(LaneTest, KnowsHowLongItsOldestRequestRuns) {
  Lane lane(limits(2, 0, 0), launch());
  EXPECT_EQ(lane.oldest(Lane::Clock::now()).count(), 0);
  const auto before = Lane::Clock::now();
  EXPECT_TRUE(enter(lane, "a"));
  EXPECT_TRUE(enter(lane, "a"));
  EXPECT_GE(lane.oldest(Lane::Clock::now() + std::chrono::hours(1)), std::chrono::hours(1));
  EXPECT_LE(lane.oldest(before + std::chrono::hours(1)), std::chrono::hours(1));
  finish_all();
  EXPECT_EQ(lane.oldest(Lane::Clock::now()).count(), 0);
}

TEST_F(LaneTest, ALaunchThatFailsLeavesNothingBehind) {
  bool fails = true;
  Lane lane(limits(1, 1, 1), [&](Lane::Job job) {
    if (fails) throw std::bad_alloc();
    launched_.push_back(std::move(job));
  });
  EXPECT_THROW(static_cast<void>(enter(lane, "a")), std::bad_alloc);
  fails = false;
  EXPECT_TRUE(enter(lane, "a"));
  const auto waiting = enter(lane, "a");
  fails = true;
  finish_one();
  EXPECT_TRUE(lane.withdraw(waiting)) << "it still waits";
}

TEST(Budget, OneAddressHoldsOnlyItsPart) {
  Budget budget(100, 25);
  EXPECT_TRUE(budget.take("a", 25));
  EXPECT_FALSE(budget.take("a", 1));
  for (const char* address : {"b", "c", "d"}) EXPECT_TRUE(budget.take(address, 25));
  EXPECT_FALSE(budget.take("e", 1)) << "all is taken";
  {
    Share share(budget, "a");
    EXPECT_FALSE(share.take(1));
  }
  budget.give_back("a", 25);
  {
    Share share(budget, "e");
    EXPECT_TRUE(share.take(20));
    EXPECT_FALSE(share.take(20));
  }
  EXPECT_TRUE(budget.take("e", 25)) << "the share gave back what it had";
  EXPECT_FALSE(budget.take("a", ~std::uint64_t{0}));
}

}  // namespace
}  // namespace learndock::server
