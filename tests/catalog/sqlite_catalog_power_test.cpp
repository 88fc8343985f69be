// A power cut at each write, flush and removal of SQLite: what the catalogue acknowledged is there. This is
// what proves the setting of `PRAGMA synchronous`, which a killed process cannot.
#include "catalog/catalog.hpp"
#include "support/lossy_sqlite.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace learndock::catalog {
namespace {

namespace fs = std::filesystem;
using namespace learndock::testing;

std::shared_ptr<void> watch_sqlite(LossyDisk& disk) { return std::make_shared<LossySqlite>(disk); }

fs::path file_in(const fs::path& folder) { return folder / "catalog.sqlite"; }

/// Two records, whose texts are looked up and whose bytes take a page each.
Result<std::vector<LearnwareRecord>> insert_two(Catalog& catalog, char mark) {
  std::vector<LearnwareRecord> batch(2);
  for (LearnwareRecord& one : batch) {
    one.name = "searchable";
    one.statistical = std::string(3400, mark);
  }
  return catalog.insert(batch);
}

/// The ids that must be there and those that must not.
struct Acknowledged {
  std::set<std::string> stored, removed;
};

void expect_kept(const fs::path& folder, const Acknowledged& done) {
  const auto opened = open_sqlite_catalog(file_in(folder), false);
  ASSERT_TRUE(opened) << describe(opened.error());
  Catalog& catalog = **opened;
  for (const std::string& id : done.stored) {
    const auto found = catalog.find(LearnwareId::create(id).value());
    ASSERT_TRUE(found) << "lost " << id << ": " << describe(found.error());
    EXPECT_EQ(found->statistical.size(), 3400U);
  }
  for (const std::string& id : done.removed)
    EXPECT_FALSE(catalog.find(LearnwareId::create(id).value())) << id << " is back";
  EXPECT_EQ(catalog.text_candidates("searchable", 1000).value().sequences.size(), catalog.count().value())
      << "records and their texts are not in step";
  EXPECT_EQ(catalog.problems().value(), std::vector<std::string>());
}

TEST(SqliteCatalogPower, ANewCatalogueIsThereOnceItIsMade) {
  bool made = false;
  cut_power_at_each_call(
      {.prepare = [&](const fs::path&) { made = false; },
       .work = [&](const fs::path& folder) { made = open_sqlite_catalog(file_in(folder), true).has_value(); },
       .check =
           [&](const fs::path& folder) {
             if (made) expect_kept(folder, {});
           },
       .also = watch_sqlite});
  EXPECT_TRUE(made);
}

TEST(SqliteCatalogPower, WhatWasAcknowledgedSurvivesAPowerCut) {
  Acknowledged done;
  const std::size_t calls = cut_power_at_each_call(
      {.prepare =
           [&](const fs::path& folder) {
             const auto catalog = open_sqlite_catalog(file_in(folder), true).value();
             done = {{insert_two(*catalog, 'a').value()[0].id.text()}, {}};
           },
       .work =
           [&](const fs::path& folder) {
             const auto catalog = open_sqlite_catalog(file_in(folder), false);
             if (!catalog) return;
             for (const char mark : {'b', 'c'}) {
               const auto stored = insert_two(**catalog, mark);
               if (!stored) return;
               for (const LearnwareRecord& one : *stored) done.stored.insert(one.id.text());
             }
             const std::string last = *done.stored.rbegin();
             const bool removed = (*catalog)->remove(LearnwareId::create(last).value()).has_value();
             done.stored.erase(last);  // whether it is there is open until the removal is acknowledged
             if (removed) done.removed.insert(last);
           },
       .check = [&](const fs::path& folder) { expect_kept(folder, done); },
       .also = watch_sqlite});
  EXPECT_GE(calls, 30U) << "too few points";
  EXPECT_EQ(done.removed.size(), 1U);
}

}  // namespace
}  // namespace learndock::catalog
