#include "learndock/base/json.hpp"
#include "learndock/specification/semantic.hpp"

#include "catalog/catalog.hpp"
#include "catalog/search_text.hpp"
#include "catalog/sql.hpp"
#include "support/temporary_folder.hpp"
#include "support/word_texts.hpp"
#include "text/fold_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace learndock::catalog {
namespace {

using namespace learndock::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

LearnwareRecord described(const std::string& name, const std::string& description) {
  specification::SemanticSpecification semantic;
  semantic.name = name;
  semantic.description = description;
  LearnwareRecord record;
  record.name = name;
  record.semantic_json = to_text(specification::semantic_to_json(semantic));
  return record;
}

class TextCandidates : public ::testing::Test {
 protected:
  void reopen() {
    catalog_.reset();
    catalog_ = open_sqlite_catalog(folder_ / "catalog.sqlite", true).value();
  }
  void SetUp() override { reopen(); }
  LearnwareNumber insert(const std::string& name, const std::string& description = "") {
    return catalog_->insert(std::vector{described(name, description)}).value()[0].sequence;
  }
  std::vector<LearnwareNumber> found(const std::string& text) {
    return catalog_->text_candidates(text::fold_case(text), 1000).value().sequences;
  }
  TemporaryFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

TEST(TrigramQuery, HoldsAllLettersInTrigrams) {
  EXPECT_EQ(trigram_query("abc"), R"("abc")");
  EXPECT_EQ(trigram_query("abcd"), R"("abc" AND "bcd")");
  EXPECT_EQ(trigram_query("abcdefgh"), R"("abc" AND "def" AND "fgh")");
  EXPECT_EQ(trigram_query("größe"), R"("grö" AND "öße")") << "letters, not bytes";
  EXPECT_EQ(trigram_query(R"(a"b)"), R"("a""b")");
  EXPECT_EQ(trigram_query("ab"), std::nullopt);
  EXPECT_EQ(trigram_query(""), std::nullopt);
}

TEST_F(TextCandidates, NamesAndDescriptionsAreLookedUpByAnyPart) {
  const auto wine = insert("Wine Quality", "predicts the taste");
  const auto digits = insert("digits", "手写数字 größer");
  EXPECT_THAT(found("ine qua"), ElementsAre(wine));
  EXPECT_THAT(found("TASTE"), ElementsAre(wine));
  EXPECT_THAT(found("手写数"), ElementsAre(digits));
  EXPECT_THAT(found("GRÖSS"), IsEmpty());
  EXPECT_THAT(found("größ"), ElementsAre(digits));
  EXPECT_THAT(found("qualitypredicts"), IsEmpty()) << "name and description are two texts";
  ASSERT_TRUE(catalog_->remove(LearnwareId::from_number(1)));
  EXPECT_THAT(found("taste"), IsEmpty());
}

TEST_F(TextCandidates, TellsWhatItsAnswerIsWorth) {
  for (int i = 0; i < 5; ++i) insert("wine");
  const auto all = catalog_->text_candidates("wine", 5).value();
  EXPECT_TRUE(all.complete);
  EXPECT_EQ(all.sequences.size(), 5U);
  EXPECT_EQ(all.version, catalog_->version().value());
  const auto some = catalog_->text_candidates("wine", 4).value();
  EXPECT_FALSE(some.complete);
  EXPECT_EQ(some.sequences.size(), 4U);
  EXPECT_FALSE(catalog_->text_candidates("wi", 5).value().complete) << "too short for a trigram";
  EXPECT_TRUE(catalog_->text_candidates("beer", 5).value().complete);
}

TEST_F(TextCandidates, OddCharactersHideNothing) {
  const std::string nul("before\0after", 12), quotes = R"(a "quoted" AND* (name): ^x)";
  const std::vector<std::string> names = {nul, quotes, "face 😀😀😀 end", "per%cent_under'score\\",
                                          "tab\tline\nend"};
  for (const std::string& name : names) insert("x", name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_THAT(found(names[i]), ElementsAre(LearnwareNumber(i + 1))) << names[i];
    EXPECT_THAT(found(names[i].substr(names[i].size() - 4)), ElementsAre(LearnwareNumber(i + 1))) << names[i];
  }
  EXPECT_THAT(found(nul.substr(4, 5)), ElementsAre(LearnwareNumber(1)));
}

TEST_F(TextCandidates, ARecordWhoseDescriptionCannotBeReadIsKnownByItsName) {
  LearnwareRecord record;
  record.name = "Odd one";
  record.semantic_json = "not JSON";
  ASSERT_TRUE(catalog_->insert(std::vector{record}));
  EXPECT_THAT(found("odd"), ElementsAre(LearnwareNumber(1)));
}

/// What a scan over all texts finds must be among the candidates, while records come and go.
TEST_F(TextCandidates, MissNothingThatAScanFinds) {
  WordTexts texts(17);
  std::map<LearnwareNumber, std::pair<LearnwareId, std::string>> stored;
  std::size_t hits = 0, excess = 0;
  for (int round = 0; round < 30; ++round) {
    std::vector<LearnwareRecord> batch;
    for (int i = 0; i < 20; ++i)
      batch.push_back(described(texts.misspelt(texts.words(2), 2), texts.words(texts.draw() % 10)));
    const auto inserted = catalog_->insert(batch).value();
    for (const LearnwareRecord& record : inserted)
      stored[record.sequence] = {record.id, search_text(record.name, record.semantic_json)};
    for (int i = 0; i < 8; ++i) {
      const auto gone = std::next(stored.begin(), static_cast<std::ptrdiff_t>(texts.draw() % stored.size()));
      ASSERT_TRUE(catalog_->remove(gone->second.first));
      stored.erase(gone);
    }
    if (round % 10 == 9) reopen();
    for (int question = 0; question < 100; ++question) {
      const auto one = std::next(stored.begin(), static_cast<std::ptrdiff_t>(texts.draw() % stored.size()));
      const std::string text =
          text::fold_case(texts.misspelt(texts.piece(one->second.second, 24), texts.draw() % 2));
      const auto answer = catalog_->text_candidates(text, stored.size()).value();
      EXPECT_TRUE(std::is_sorted(answer.sequences.begin(), answer.sequences.end()));
      if (!answer.complete) continue;
      for (const LearnwareNumber sequence : answer.sequences) ASSERT_TRUE(stored.contains(sequence));
      for (const auto& [sequence, record] : stored) {
        const bool candidate = std::binary_search(answer.sequences.begin(), answer.sequences.end(), sequence);
        const bool contains = record.second.find(text) != std::string::npos;
        EXPECT_TRUE(candidate || !contains) << '"' << text << "\" in \"" << record.second << '"';
        hits += contains ? 1 : 0;
        excess += candidate && !contains ? 1 : 0;
      }
    }
  }
  EXPECT_GT(hits, 5000U) << "too few texts were found: little was tested";
  EXPECT_LT(excess, hits) << "most candidates were none";
}

TEST_F(TextCandidates, AnOlderCatalogueGetsItsTextsOnOpening) {
  insert("Wine", "red");
  insert("Beer", "brown and red");
  catalog_.reset();
  {
    const auto file = Connection::open(folder_ / "catalog.sqlite", Connection::Mode::read_write).value();
    ASSERT_TRUE(file->execute(
        "DROP TABLE verdict; DROP TABLE verification_job; DROP INDEX learnware_tried; "
        "DELETE FROM counter WHERE name IN ('fencing', 'verdicts'); "
        "DROP TABLE search_trigram; DROP TABLE search_text; DROP INDEX learnware_content; "
        "DROP INDEX learnware_earlier; DROP TABLE further; ALTER TABLE learnware DROP COLUMN content_digest; "
        "ALTER TABLE learnware DROP COLUMN checksum; "
        "ALTER TABLE learnware DROP COLUMN warnings; PRAGMA user_version = 2"));
  }
  reopen();
  EXPECT_THAT(found("red"), ElementsAre(LearnwareNumber(1), LearnwareNumber(2)));
  ASSERT_TRUE(catalog_->remove(LearnwareId::from_number(1)));
  insert("Wine again", "red");
  EXPECT_THAT(found("red"), ElementsAre(LearnwareNumber(2), LearnwareNumber(3)));
  reopen();
  EXPECT_THAT(found("wine"), ElementsAre(LearnwareNumber(3)));
}

TEST(CheckTextSearch, NamesAnSqliteThatCannot) {
  EXPECT_TRUE(check_text_search().has_value());
  EXPECT_TRUE(check_text_search(3'034'000, true).has_value());
  for (const auto& refused : {check_text_search(3'033'009, true), check_text_search(3'040'001, false)}) {
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_NE(refused.error().fix.find("3.34"), std::string::npos);
  }
}

}  // namespace
}  // namespace learndock::catalog
