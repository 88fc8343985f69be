#include "catalog/catalog.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace learndock::catalog {
namespace {

using namespace learndock::testing;

TEST(SqliteCatalogCrash, WhatWasAcknowledgedSurvivesKill9) {
  const TemporaryFolder folder;
  const auto file = folder / "catalog.sqlite";
  ASSERT_TRUE(open_sqlite_catalog(file, true).has_value());
  std::size_t acknowledged = 0;
  for (unsigned round = 0; round < testing::kill_points(30); ++round) {
    const auto names = run_and_kill(round, [&](const Acknowledge& acknowledge) {
      const auto catalog = open_sqlite_catalog(file, false);
      for (int i = 0; catalog; ++i) {
        std::vector<LearnwareRecord> batch(2);
        for (LearnwareRecord& one : batch) {
          one.name = "searchable";
          one.statistical = std::string(3400, static_cast<char>('a' + i % 26));
        }
        batch[1].id = LearnwareId::create(fmt::format("{}.{}", round, i)).value();
        const auto stored = (*catalog)->insert(batch);
        if (!stored) return;
        acknowledge((*stored)[0].id.text());
        acknowledge((*stored)[1].id.text());
      }
    });
    const auto catalog = open_sqlite_catalog(file, false);
    ASSERT_TRUE(catalog.has_value()) << describe(catalog.error());
    for (const std::string& name : names) {
      const auto found = (*catalog)->find(LearnwareId::create(name).value());
      ASSERT_TRUE(found.has_value()) << "round " << round << ": lost " << name;
      EXPECT_EQ(found->statistical.size(), 3400u);
    }
    EXPECT_EQ((*catalog)->text_candidates("searchable", 1'000'000).value().sequences.size(),
              (*catalog)->count().value())
        << "round " << round << ": records and their texts are not in step";
    EXPECT_EQ((*catalog)->count().value() % 2, 0u) << "round " << round << ": half a batch was kept";
    acknowledged += names.size();
  }
  EXPECT_GT(acknowledged, 60u) << "the rounds were too short to prove anything";
}

}  // namespace
}  // namespace learndock::catalog
