#include "learnwares/snapshot.hpp"

#include <gtest/gtest.h>

namespace learndock::learnwares {
namespace {

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
}  // namespace learndock::learnwares
