#include "catalog/catalog.hpp"
#include "io/file.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <thread>

namespace learndock::catalog {
namespace {

using namespace learndock::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

LearnwareRecord record(const std::string& name, const std::string& id = {}) {
  LearnwareRecord one;
  if (!id.empty()) one.id = LearnwareId::create(id).value();
  one.name = name;
  one.semantic_json = R"({"Name":")" + name + "\"}";
  one.statistical = std::string("\0\xff binary of ", 14) + name;
  one.url = "https://example.org/" + name;
  return one;
}
LearnwareRecord packaged(const std::string& name, char digit) {
  LearnwareRecord one = record(name);
  one.package_digest = std::string(64, digit);
  one.package_bytes = std::uint64_t{3} << 32;
  return one;
}

class SqliteCatalog : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    catalog_.reset();
    catalog_ = open_sqlite_catalog(file(), true).value();
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "catalog.sqlite"; }
  Result<std::vector<LearnwareRecord>> insert(const std::vector<LearnwareRecord>& records) {
    return catalog_->insert(records);
  }
  std::vector<std::string> ids() {
    std::vector<std::string> all;
    EXPECT_TRUE(catalog_->visit_all([&](LearnwareRecord& one) -> Result<void> {
      all.push_back(one.id.text());
      return {};
    }));
    return all;
  }
  std::vector<std::string> damages() {
    std::vector<std::string> all;
    EXPECT_TRUE(catalog_->visit_all([&](LearnwareRecord& one) -> Result<void> {
      all.push_back(one.damage);
      return {};
    }));
    return all;
  }
  /// As another program would change the file.
  void change(const std::string& sql) {
    catalog_.reset();
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  TemporaryFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

void expect_same(const LearnwareRecord& a, const LearnwareRecord& b) {
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.semantic_json, b.semantic_json);
  EXPECT_EQ(a.statistical, b.statistical);
  EXPECT_EQ(a.package_digest, b.package_digest);
  EXPECT_EQ(a.package_bytes, b.package_bytes);
  EXPECT_EQ(a.url, b.url);
  EXPECT_EQ(a.created_unix_ms, b.created_unix_ms);
}

TEST_F(SqliteCatalog, EveryFieldComesBackAlsoAfterReopening) {
  const auto stored =
      insert({packaged("with package", 'a'), record("own id", "mine"), LearnwareRecord{}}).value();
  ASSERT_EQ(stored.size(), 3u);
  EXPECT_EQ(stored[0].id.text(), "00000001");
  EXPECT_EQ(stored[1].id.text(), "mine");
  EXPECT_GT(stored[0].created_unix_ms, 1'700'000'000'000);
  EXPECT_LT(stored[0].sequence, stored[1].sequence);
  for (int pass = 0; pass < 2; ++pass, reopen())
    for (const LearnwareRecord& one : stored) expect_same(catalog_->find(one.id).value(), one);
  EXPECT_EQ(catalog_->count().value(), 3u);
}

TEST_F(SqliteCatalog, AssignedIdsSkipTakenOnesAndAreNeverGivenAgain) {
  ASSERT_TRUE(insert({record("a", "00000002")}));
  EXPECT_EQ(insert({record("b")}).value()[0].id.text(), "00000001");
  EXPECT_EQ(insert({record("c")}).value()[0].id.text(), "00000003");
  ASSERT_TRUE(catalog_->remove(LearnwareId::from_number(3)));
  reopen();
  const auto stored = insert({record("d"), record("e", "00000005"), record("f")}).value();
  EXPECT_EQ(stored[0].id.text(), "00000004");
  EXPECT_EQ(stored[2].id.text(), "00000006") << "an id that the same batch brings is skipped";
}

TEST_F(SqliteCatalog, SequencesAreNeverUsedAgain) {
  const auto first = insert({record("a"), record("b")}).value();
  ASSERT_TRUE(catalog_->remove(first[1].id));
  reopen();
  EXPECT_GT(insert({record("c")}).value()[0].sequence, first[1].sequence);
}

TEST_F(SqliteCatalog, ABatchIsStoredWholeOrNotAtAll) {
  ASSERT_TRUE(insert({record("a", "taken"), packaged("p", 'a')}));
  auto refused = insert({record("new"), record("b", "taken")});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(refused.error().where, "taken");
  refused = insert({record("new"), packaged("q", 'a')});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::package_duplicate);
  EXPECT_EQ(refused.error().where, "00000001");
  EXPECT_EQ(insert({record("x", "twice"), record("y", "twice")}).error().code, ErrorCode::conflict);
  EXPECT_EQ(catalog_->count().value(), 2u);
  EXPECT_TRUE(insert({record("after")}).has_value()) << "a refused batch does not block the next";
}

TEST_F(SqliteCatalog, RecordsWithoutAPackageDoNotCollide) {
  EXPECT_TRUE(insert({record("a"), record("b"), record("c")}).has_value());
  EXPECT_FALSE(catalog_->has_package("").value());
}

TEST_F(SqliteCatalog, RemoveReturnsTheRecordAndFreesItsPackage) {
  const auto stored = insert({packaged("a", 'a'), record("b")}).value();
  EXPECT_TRUE(catalog_->has_package(std::string(64, 'a')).value());
  const auto removed = catalog_->remove(stored[0].id).value();
  expect_same(removed.record, stored[0]);
  EXPECT_TRUE(removed.digest_unused);
  EXPECT_FALSE(catalog_->has_package(std::string(64, 'a')).value());
  EXPECT_FALSE(catalog_->remove(stored[1].id).value().digest_unused) << "it had no package";
  EXPECT_EQ(catalog_->remove(stored[0].id).error().code, ErrorCode::not_found);
  EXPECT_EQ(catalog_->find(stored[0].id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(insert({packaged("again", 'a')}).has_value());
}

TEST_F(SqliteCatalog, ListsInPages) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(insert({record(fmt::format("r{}", i))}));
  std::vector<std::string> names;
  std::optional<std::uint64_t> next = 0;
  int pages = 0;
  while (next) {
    const RecordPage page = catalog_->list(*next, 3).value();
    for (const LearnwareRecord& one : page.records) {
      names.push_back(one.name);
      EXPECT_TRUE(one.statistical.empty());
    }
    next = page.next;
    ++pages;
  }
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(names, ElementsAre("r0", "r1", "r2", "r3", "r4", "r5", "r6"));
  EXPECT_FALSE(catalog_->list(0, 7).value().next.has_value()) << "a full last page has no next";
  EXPECT_TRUE(catalog_->list(0, 0).value().records.empty());
  EXPECT_TRUE(catalog_->list(UINT64_MAX, 5).value().records.empty());
}

TEST_F(SqliteCatalog, VisitingStopsAtTheFirstFailureAndAllowsCallsInside) {
  ASSERT_TRUE(insert({record("a"), record("b"), record("c")}));
  int visited = 0;
  const auto stopped = catalog_->visit_all([&](LearnwareRecord& one) -> Result<void> {
    if (++visited == 2) return fail(ErrorCode::timeout, "enough");
    EXPECT_TRUE(catalog_->find(one.id).has_value());
    EXPECT_TRUE(catalog_->insert(std::vector{record("from inside")}).has_value());
    return {};
  });
  EXPECT_EQ(stopped.error().code, ErrorCode::timeout);
  EXPECT_EQ(visited, 2);
  EXPECT_EQ(catalog_->count().value(), 4u);
}

TEST_F(SqliteCatalog, TextWithQuotesAndNulBytesIsOnlyText) {
  LearnwareRecord one = record("'); DROP TABLE learnware; --");
  one.url = std::string("a\0b", 3);
  const auto stored = insert({one}).value();
  expect_same(catalog_->find(stored[0].id).value(), stored[0]);
}

TEST_F(SqliteCatalog, MissingCorruptForeignAndNewerFiles) {
  EXPECT_EQ(open_sqlite_catalog(folder_ / "none", false).error().code, ErrorCode::not_found);
  EXPECT_EQ(open_sqlite_catalog(folder_ / "no" / "folder", true).error().code, ErrorCode::not_found);
  ASSERT_TRUE(io::write_file_atomically(folder_ / "text", std::string(5000, 'x')));
  const auto text = open_sqlite_catalog(folder_ / "text", true);
  EXPECT_EQ(text.error().code, ErrorCode::corrupt);
  EXPECT_EQ(text.error().where, (folder_ / "text").string());
  EXPECT_EQ(io::read_file(folder_ / "text").value(), std::string(5000, 'x'));
  change("PRAGMA user_version = 1000");
  EXPECT_EQ(open_sqlite_catalog(file(), false).error().code, ErrorCode::unsupported);
  change("PRAGMA user_version = 6; PRAGMA application_id = 5");
  EXPECT_EQ(open_sqlite_catalog(file(), false).error().code, ErrorCode::corrupt);
  change("PRAGMA application_id = 1279542091");
  EXPECT_TRUE(open_sqlite_catalog(file(), false).has_value()) << "the changes above are undone";
}

TEST_F(SqliteCatalog, AnotherProgramsDatabaseIsLeftAsItIs) {
  change("PRAGMA journal_mode = DELETE; PRAGMA application_id = 0; PRAGMA user_version = 0");
  const std::string before = io::read_file(file()).value();
  EXPECT_EQ(open_sqlite_catalog(file(), true).error().code, ErrorCode::corrupt);
  EXPECT_EQ(io::read_file(file()).value(), before);
}

TEST_F(SqliteCatalog, ADamagedPageIsCorruptNotWrong) {
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(insert({record(fmt::format("r{}", i))}));
  catalog_.reset();
  std::string bytes = io::read_file(file()).value();
  for (std::size_t at = 4096; at < bytes.size(); at += 4096) bytes.replace(at, 16, 16, '\xee');
  ASSERT_TRUE(io::write_file_atomically(file(), bytes));
  auto reopened = open_sqlite_catalog(file(), false);
  const auto failure =
      !reopened ? reopened.error()
                : (*reopened)->visit_all([](LearnwareRecord&) -> Result<void> { return {}; }).error();
  EXPECT_EQ(failure.code, ErrorCode::corrupt) << describe(failure);
}

TEST_F(SqliteCatalog, AnUnknownStatusIsNotGuessed) {
  ASSERT_TRUE(insert({record("a")}));
  change("UPDATE learnware SET status = 'certified'");
  reopen();
  EXPECT_EQ(catalog_->find(LearnwareId::from_number(1)).error().code, ErrorCode::corrupt);
}

TEST_F(SqliteCatalog, ReadersAndWritersRunTogether) {
  std::vector<std::thread> threads;
  std::atomic<bool> stop{false};
  for (int w = 0; w < 2; ++w)
    threads.emplace_back([&, w] {
      for (int i = 0; i < 40; ++i) {
        const std::string id = fmt::format("w{}.{}", w, i);
        EXPECT_TRUE(catalog_->insert(std::vector{record("x", id), record("y")}).has_value());
        EXPECT_TRUE(catalog_->find(LearnwareId::create(id).value()).has_value()) << "read your own write";
        if (i % 3 == 0) {
          EXPECT_TRUE(catalog_->remove(LearnwareId::create(id).value()).has_value());
        }
      }
    });
  for (int r = 0; r < 2; ++r)
    threads.emplace_back([&] {
      while (!stop) {
        LearnwareNumber last;
        const auto visited = catalog_->visit_all([&](LearnwareRecord& one) -> Result<void> {
          EXPECT_GT(one.sequence, last);
          last = one.sequence;
          return {};
        });
        EXPECT_TRUE(visited.has_value());
        EXPECT_TRUE(catalog_->list(0, 10).has_value());
        EXPECT_TRUE(catalog_->text_candidates("text", 10).has_value());
      }
    });
  threads[0].join();
  threads[1].join();
  stop = true;
  threads[2].join();
  threads[3].join();
  EXPECT_EQ(catalog_->count().value(), 2u * (80 - 14));
}

TEST_F(SqliteCatalog, TwoCataloguesOnOneFileDoNotLoseIds) {
  const auto other = open_sqlite_catalog(file(), false).value();
  ASSERT_TRUE(insert({record("a")}));
  EXPECT_EQ(other->insert(std::vector{record("b")}).value()[0].id.text(), "00000002");
  EXPECT_EQ(insert({record("c")}).value()[0].id.text(), "00000003");
  EXPECT_THAT(ids(), ElementsAre("00000001", "00000002", "00000003"));
}

TEST_F(SqliteCatalog, AFullDiskIsNamedAndLosesNothing) {
  ASSERT_TRUE(insert({record("before")}));
  LearnwareRecord big = record("big");
  big.statistical = std::string(8 << 20, 'x');
  {
    const FileSizeLimit small(1 << 20);
    const auto refused = insert({big});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::no_space) << describe(refused.error());
    EXPECT_THAT(ids(), ElementsAre("00000001"));
  }
  EXPECT_EQ(insert({big}).value()[0].id.text(), "00000002") << "works again once there is room";
  reopen();
  EXPECT_THAT(ids(), ElementsAre("00000001", "00000002"));
}

TEST_F(SqliteCatalog, TheVersionCountsChangesAndIsKept) {
  EXPECT_EQ(catalog_->version().value(), 0u);
  ASSERT_TRUE(insert({record("a", "a"), record("b", "b")}));
  EXPECT_EQ(catalog_->version().value(), 1u) << "one transaction";
  EXPECT_FALSE(insert({record("c", "a")}));
  EXPECT_EQ(catalog_->version().value(), 1u) << "nothing changed";
  ASSERT_TRUE(catalog_->remove(LearnwareId::create("b").value()));
  reopen();
  EXPECT_EQ(catalog_->version().value(), 2u);
  EXPECT_TRUE(catalog_->has_id(LearnwareId::create("a").value()).value());
  EXPECT_FALSE(catalog_->has_id(LearnwareId::create("b").value()).value());
}

TEST_F(SqliteCatalog, AnOlderFileGetsAVersionAboveAllItHasShown) {
  ASSERT_TRUE(insert({record("a"), record("b"), record("c")}));
  change(
      "DROP TABLE verdict; DROP TABLE verification_job; DROP INDEX learnware_tried; "
      "DELETE FROM counter WHERE name IN ('fencing', 'verdicts'); "
      "DROP TABLE search_trigram; DROP TABLE search_text; DELETE FROM counter WHERE name = 'version'; "
      "DROP INDEX learnware_content; DROP INDEX learnware_earlier; DROP TABLE further; "
      "ALTER TABLE learnware DROP COLUMN content_digest; "
      "ALTER TABLE learnware DROP COLUMN checksum; ALTER TABLE learnware DROP COLUMN warnings; "
      "PRAGMA user_version = 1");
  reopen();
  EXPECT_EQ(catalog_->version().value(), 9u) << "three times the last sequence";
  EXPECT_EQ(ids().size(), 3u);
}

TEST_F(SqliteCatalog, RecordsOfAnOlderFileGetTheirChecksums) {
  ASSERT_TRUE(insert({record("a", "a"), LearnwareRecord{}, packaged("p", 'a')}));
  change(
      "DROP INDEX learnware_content; DROP INDEX learnware_earlier; DROP TABLE further; "
      "ALTER TABLE learnware DROP COLUMN content_digest; "
      "DROP TABLE verdict; DROP TABLE verification_job; DROP INDEX learnware_tried; "
      "DELETE FROM counter WHERE name IN ('fencing', 'verdicts'); "
      "ALTER TABLE learnware DROP COLUMN checksum; ALTER TABLE learnware DROP COLUMN warnings; "
      "PRAGMA user_version = 3");
  reopen();
  EXPECT_THAT(damages(), ElementsAre("", "", ""));
  change("UPDATE learnware SET name = 'b' WHERE sequence = 1");
  reopen();
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("checksum does not fit"), "", ""));
}

TEST_F(SqliteCatalog, PackagesOfAnOlderFileStaySoundAndHaveNoContentDigest) {
  ASSERT_TRUE(insert({record("a", "a"), packaged("p", 'a')}));
  EXPECT_TRUE(catalog_->has_earlier_packages().value()) << "stored without a content digest";
  change(
      "DROP TABLE verdict; DROP TABLE verification_job; DROP INDEX learnware_tried; "
      "DELETE FROM counter WHERE name IN ('fencing', 'verdicts'); "
      "DROP INDEX learnware_content; DROP INDEX learnware_earlier; DROP TABLE further; "
      "ALTER TABLE learnware DROP COLUMN content_digest; PRAGMA user_version = 4");
  reopen();
  EXPECT_THAT(damages(), ElementsAre("", ""));
  EXPECT_TRUE(catalog_->has_earlier_packages().value());
}

TEST_F(SqliteCatalog, AContentIsStoredOnce) {
  LearnwareRecord one = packaged("p", 'a');
  one.content_digest = std::string(64, 'c');
  EXPECT_EQ(catalog_->owner_of_content(one.content_digest).value(), std::nullopt);
  const LearnwareId id = insert({one}).value().front().id;
  EXPECT_FALSE(catalog_->has_earlier_packages().value());
  reopen();
  EXPECT_THAT(damages(), ElementsAre(""));
  EXPECT_EQ(catalog_->owner_of_content(one.content_digest).value(), id);
  EXPECT_EQ(catalog_->find(id)->content_digest, one.content_digest);
  EXPECT_EQ(catalog_->owner_of_content("").value(), std::nullopt);
  LearnwareRecord again = packaged("q", 'b');
  again.content_digest = one.content_digest;
  const auto refused = insert({again});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::package_duplicate);
  EXPECT_EQ(refused.error().where, id.text());
  change("UPDATE learnware SET content_digest = 'd'");
  reopen();
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("checksum does not fit")));
}

TEST_F(SqliteCatalog, AReservedIdIsNotGivenAgain) {
  EXPECT_EQ(catalog_->reserve_id().value(), LearnwareId::from_number(1));
  reopen();
  EXPECT_EQ(catalog_->reserve_id().value(), LearnwareId::from_number(2));
  ASSERT_TRUE(insert({record("three"), record("four")}));
  EXPECT_THAT(ids(), ElementsAre("00000003", "00000004"));
  EXPECT_EQ(catalog_->reserve_id().value(), LearnwareId::from_number(5));
}

TEST_F(SqliteCatalog, WarningsStayWithTheirRecord) {
  LearnwareRecord one = record("a", "a");
  one.warnings = {"takes code from \"elsewhere\"", "two"};
  ASSERT_TRUE(insert({one}));
  reopen();
  EXPECT_EQ(catalog_->find(one.id)->warnings, one.warnings);
  EXPECT_EQ(catalog_->list(0, 9)->records.at(0).warnings, one.warnings);
}

TEST_F(SqliteCatalog, OneDamagedRecordClosesOnlyItself) {
  const char* const changes[] = {
      "UPDATE learnware SET name = name || 'x' WHERE sequence = 2",
      "UPDATE learnware SET id = '' WHERE sequence = 2",
      "UPDATE learnware SET status = 'grand' WHERE sequence = 2",
      "UPDATE learnware SET semantic_json = '{' WHERE sequence = 2",
      "UPDATE learnware SET package_digest = replace(package_digest, 'a', 'b') WHERE sequence = 2",
      "UPDATE learnware SET created_unix_ms = 1 << 62 WHERE sequence = 2",
      "UPDATE learnware SET warnings = '[1]' WHERE sequence = 2",
      "UPDATE learnware SET checksum = NULL WHERE sequence = 2",
      "UPDATE statistical SET bytes = zeroblob(60) WHERE sequence = 2",
      "DELETE FROM statistical WHERE sequence = 2"};
  for (const char* sql : changes) {
    catalog_.reset();
    std::filesystem::remove(file());
    reopen();
    ASSERT_TRUE(insert({record("a", "a"), packaged("p", 'a'), record("c", "c")}));
    change(sql);
    reopen();
    const std::vector<std::string> found = damages();
    ASSERT_EQ(found.size(), 3U) << sql;
    EXPECT_EQ(found[0] + found[2], "") << sql;
    EXPECT_NE(found[1], "") << sql;
    EXPECT_TRUE(catalog_->find(LearnwareId::create("c").value())) << sql;
    const RecordPage page = catalog_->list(0, 9).value();
    ASSERT_EQ(page.records.size(), 3U) << sql;
    const LearnwareId id = page.records[1].id;
    EXPECT_EQ(catalog_->find(id).error().code, ErrorCode::corrupt) << sql;
    ASSERT_TRUE(catalog_->remove(id)) << sql;
    EXPECT_THAT(ids(), ElementsAre("a", "c")) << sql;
  }
}

TEST_F(SqliteCatalog, ARecordWhosePagesCannotBeReadClosesOnlyItself) {
  LearnwareRecord large = record("b", "b");
  large.semantic_json = std::string(100'000, 'x');  // on pages of its own, each of which names the next
  ASSERT_TRUE(insert({record("a", "a"), large, record("c", "c")}));
  catalog_.reset();
  std::string bytes = io::read_file(file()).value();
  const std::string_view pattern = "xxxxxxxx";
  std::size_t page = 0;
  for (std::size_t at = 4096; at + 4096 <= bytes.size() && page == 0; at += 4096)
    if (std::string_view(bytes).substr(at + 4, 8) == pattern) page = at;
  ASSERT_GT(page, 0U);
  bytes.replace(page, 4, "\x7f\xff\xff\xff");
  ASSERT_TRUE(io::write_file_atomically(file(), bytes));
  reopen();
  EXPECT_THAT(damages(), ElementsAre("", HasSubstr("cannot be read"), ""));
  EXPECT_THAT(ids(), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(catalog_->find(LearnwareId::create("c").value()));
}

}  // namespace
}  // namespace learndock::catalog
