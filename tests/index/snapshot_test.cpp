#include "learndock/index/snapshot.hpp"

#include <gtest/gtest.h>

namespace learndock::index {
namespace {

TEST(FoldCase, LowersLettersAndLeavesTheRest) {
  EXPECT_EQ(fold_case("Wine ÀÖ Σ Привет 手写"), "wine àö σ привет 手写");
  EXPECT_EQ(fold_case("A\xff").front(), 'a') << "bytes that are not UTF-8 do not fail";
}

TEST(SnapshotHolder, ReadersKeepWhatTheyTook) {
  SnapshotHolder holder;
  const auto before = holder.current();
  auto next = std::make_shared<Snapshot>();
  next->version = 7;
  holder.replace(next);
  EXPECT_EQ(before->version, 0u);
  EXPECT_EQ(holder.current()->version, 7u);
}

}  // namespace
}  // namespace learndock::index
