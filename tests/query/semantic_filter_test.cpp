#include "query/semantic_filter.hpp"

#include "learndock/base/json.hpp"

#include "dock/view/entry_fields.hpp"
#include "query/plain_filter.hpp"
#include "query/snapshot_scene.hpp"
#include "support/temporary_folder.hpp"
#include "support/word_texts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace learndock::query {
namespace {

/// A dock of described learnwares and questions about them.
class FilterScene {
 public:
  explicit FilterScene(std::uint64_t seed) : texts_(seed) {}

  void add(std::size_t count) {
    const std::size_t known = snapshot_.entries.size();
    for (std::size_t i = 0; i < count; ++i) {
      learnwares::EntryFields fields;
      fields.sequence = LearnwareNumber(++made_);
      fields.id = LearnwareId::from_number(made_);
      fields.name = texts_.draw() % 20 == 0 ? "" : texts_.words(1 + texts_.draw() % 3);
      fields.folded_name = text::fold_case(fields.name);
      fields.folded_description = text::fold_case(texts_.words(texts_.draw() % 12));
      for (std::size_t key = 0; key < specification::kSemanticKeys; ++key)
        for (std::size_t n = texts_.draw() % 3; n > 0; --n) fields.values[key].push_back(value(key));
      snapshot_.entries.push_back(learnwares::make_entry(std::move(fields)));
    }
    const learnwares::SemanticIndex before =
        snapshot_.semantic ? *snapshot_.semantic : learnwares::SemanticIndex();
    snapshot_.semantic = std::make_shared<learnwares::SemanticIndex>(
        before.extended(std::span(snapshot_.entries).subspan(known)));
  }
  void remove() {
    const std::size_t at = texts_.draw() % snapshot_.entries.size();
    snapshot_.entries.erase(snapshot_.entries.begin() + static_cast<std::ptrdiff_t>(at));
    snapshot_.semantic = std::make_shared<learnwares::SemanticIndex>(
        snapshot_.semantic->without(learnwares::SnapshotPosition::at(at)));
  }
  void forget_index() { snapshot_.semantic.reset(); }

  specification::SemanticSpecification requirement() {
    specification::SemanticSpecification wanted;
    for (std::size_t key = 0; key < specification::kSemanticKeys; ++key)
      if (texts_.draw() % 4 == 0) wanted.values[key] = {value(key), value(key)};
    if (texts_.draw() % 5 == 0) wanted.learnware_id = std::to_string(texts_.draw() % 50);
    if (texts_.draw() % 5 == 0) wanted.name = text();
    return wanted;
  }
  std::string text() {
    const auto& entry = *snapshot_.entries[texts_.draw() % snapshot_.entries.size()];
    switch (texts_.draw() % 5) {
      case 0:
        return "";
      case 1:
        return texts_.piece(std::string(entry.name()), 8);
      case 2:
        return texts_.misspelt(texts_.piece(std::string(entry.folded_description()), 20), 2);
      case 3:
        return texts_.misspelt(std::string(entry.name()), 3);
      default:
        return texts_.misspelt(texts_.words(2), 5);
    }
  }
  void expect_plain_answers(int questions) {
    for (int i = 0; i < questions; ++i) {
      const auto wanted = requirement();
      const std::string words = text();
      Deadline none;
      auto want = plain_filter(snapshot_, wanted, words);
      EXPECT_EQ(filter(snapshot_, {wanted, words}, none), want) << '"' << words << '"';
      const std::size_t limit = 1 + texts_.draw() % 5;
      answers_ += want.empty() ? 0 : 1;
      want.resize(std::min(want.size(), limit));
      EXPECT_EQ(filter(snapshot_, {wanted, words, limit}, none), want) << '"' << words << "\" " << limit;
      EXPECT_FALSE(none.cut());
    }
  }
  std::size_t answers() const { return answers_; }
  std::uint64_t draw() { return texts_.draw(); }

 private:
  std::string value(std::size_t key) {
    const auto& known = specification::semantic_vocabularies()[key].values;
    return std::string(known[texts_.draw() % std::min<std::size_t>(known.size(), 4)]);
  }
  testing::WordTexts texts_;
  learnwares::Snapshot snapshot_;
  std::size_t made_ = 0, answers_ = 0;
};

TEST(SemanticFilter, AnswersAsThePlainFilterDoes) {
  std::size_t answers = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    FilterScene scene(seed);
    scene.add(60);
    for (int step = 0; step < 10; ++step) {
      scene.draw() % 2 == 0 ? scene.remove() : scene.add(scene.draw() % 30);
      scene.expect_plain_answers(5);
    }
    scene.forget_index();
    scene.expect_plain_answers(5);
    answers += scene.answers();
  }
  EXPECT_GT(answers, 400U) << "most questions left nothing: little was tested";
}

/// A dock of thousands, as the catalogue and as a snapshot know it.
class CataloguedScene : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog_ = catalog::open_sqlite_catalog(folder_ / "catalog.sqlite", true).value();
    std::vector<catalog::LearnwareRecord> records(2500);
    for (auto& record : records) {
      specification::SemanticSpecification semantic;
      record.name = texts_.misspelt(texts_.words(2), 2);
      if (texts_.draw() % 10 > 0) semantic.name = texts_.misspelt(texts_.words(3), 2);
      semantic.description = texts_.words(texts_.draw() % 8);
      semantic.of(specification::SemanticKey::data) = {texts_.draw() % 8 > 0 ? "Table" : "Text"};
      record.semantic_json = to_text(specification::semantic_to_json(semantic));
    }
    const auto stored = catalog_->insert(records).value();
    for (const auto& record : stored)
      snapshot_.entries.push_back(learnwares::make_entry(dock::entry_fields(record).value()));
    snapshot_.version = catalog_->version().value();
  }
  void remove(std::size_t position) {
    ASSERT_TRUE(catalog_->remove(snapshot_.entries[position]->learnware_id()));
    snapshot_.entries.erase(snapshot_.entries.begin() + static_cast<std::ptrdiff_t>(position));
    ++snapshot_.version;
  }
  void expect_plain_answer(const std::string& text, const std::string& data = "") {
    specification::SemanticSpecification wanted;
    if (!data.empty()) wanted.of(specification::SemanticKey::data) = {data};
    Deadline none;
    auto want = plain_filter(snapshot_, wanted, text);
    EXPECT_EQ(filter(snapshot_, {wanted, text, SIZE_MAX, catalog_.get(), 3}, none), want)
        << '"' << text << '"';
    found_ += want.empty() ? 0 : 1;
    want.resize(std::min<std::size_t>(want.size(), 3));
    EXPECT_EQ(filter(snapshot_, {wanted, text, 3, catalog_.get()}, none), want) << '"' << text << '"';
  }
  testing::TemporaryFolder folder_;
  testing::WordTexts texts_{23};
  std::unique_ptr<catalog::Catalog> catalog_;
  learnwares::Snapshot snapshot_;
  std::size_t found_ = 0;
};

TEST_F(CataloguedScene, TheTextIndexChangesNoAnswer) {
  for (int i = 0; i < 100; ++i) remove(texts_.draw() % snapshot_.entries.size());
  for (int i = 0; i < 150; ++i) {
    const auto& entry = *snapshot_.entries[texts_.draw() % snapshot_.entries.size()];
    const std::string text(i % 2 == 0 ? entry.folded_name() : entry.folded_description());
    expect_plain_answer(texts_.misspelt(texts_.piece(text, 14), i % 15 == 0 ? 2 : 0),
                        i % 3 == 0 ? "Table" : "");
  }
  EXPECT_GT(found_, 100U);
}

TEST_F(CataloguedScene, ASnapshotOlderThanTheCatalogueIsAnsweredFromItself) {
  const std::string name(snapshot_.entries[7]->folded_name());
  ASSERT_TRUE(catalog_->remove(snapshot_.entries[7]->learnware_id()));
  expect_plain_answer(name);
  EXPECT_EQ(found_, 1U);
}

TEST_F(CataloguedScene, ASpentBudgetLeavesSimilarTextsOutOnEveryThread) {
  std::string name(snapshot_.entries[0]->folded_name());
  name[name.size() / 2] = '#';
  Deadline none, over(Deadline::Clock::now(), std::chrono::milliseconds(0));
  const specification::SemanticSpecification any;
  const learnwares::Selection all = filter(snapshot_, {any, name, SIZE_MAX, nullptr, 3}, none);
  const learnwares::Selection some = filter(snapshot_, {any, name, SIZE_MAX, nullptr, 3}, over);
  ASSERT_FALSE(none.cut());
  EXPECT_TRUE(over.cut());
  const auto holds = [](const learnwares::Selection& entries, const learnwares::Entry* entry) {
    return std::find(entries.begin(), entries.end(), entry) != entries.end();
  };
  EXPECT_TRUE(holds(some, snapshot_.entries[0].get())) << "the first learnwares are looked at in any case";
  EXPECT_TRUE(std::all_of(some.begin(), some.end(), [&](const auto* one) { return holds(all, one); }));
}

TEST_F(CataloguedScene, ABudgetThatEndsAmongSimilarTextsIsSaidToBeSpent) {
  snapshot_.entries.resize(200);  // few enough to be searched for contained words without a look at the clock
  Deadline over(Deadline::Clock::now(), std::chrono::milliseconds(0));
  EXPECT_TRUE(filter(snapshot_, {{}, "#no#such#words#", SIZE_MAX, nullptr, 3}, over).empty());
  EXPECT_TRUE(over.cut());
}

/// Leaves a letter out and puts one in, in turns, so that each trigram meets one of both.
std::string without_its_trigrams(const std::string& query) {
  std::string text;
  for (std::size_t i = 0, trigrams = query.size() - 2; i < query.size(); ++i) {
    const std::size_t turn = i / 5 * 5;
    if (i % 5 == 2 && turn < trigrams) continue;                      // spoils turn .. turn + 2
    if (i % 5 == 0 && i > 0 && turn - 5 + 3 < trigrams) text += '_';  // spoils turn - 2 and turn - 1
    text += query[i];
  }
  return text;
}

TEST(SemanticFilter, ASimilarTextMayShareNoTrigram) {
  std::string query = "abc";
  std::string text = "bc____";
  for (char next = 'd'; next <= 'z'; ++next) {
    EXPECT_GE(text::partial_ratio(query, text), 75) << query << ' ' << text;
    for (std::size_t i = 0; i + 3 <= query.size(); ++i)
      EXPECT_EQ(text.find(query.substr(i, 3)), std::string::npos) << query << ' ' << text;
    query += next;
    text = "____" + without_its_trigrams(query) + "____";
  }
}

}  // namespace
}  // namespace learndock::query
