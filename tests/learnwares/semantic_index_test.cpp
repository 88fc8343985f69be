#include "learnwares/semantic_index.hpp"

#include "learnwares/snapshot.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

namespace learndock::learnwares {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Entries = std::vector<std::shared_ptr<const Entry>>;

std::shared_ptr<const Entry> entry(const std::string& id, const specification::SemanticTexts& values) {
  EntryFields fields;
  fields.id = LearnwareId::create(id).value();
  fields.values = values;
  return make_entry(std::move(fields));
}

specification::SemanticSpecification wanting(const specification::SemanticTexts& values = {},
                                             const std::string& id = {}) {
  specification::SemanticSpecification wanted;
  wanted.values = values;
  wanted.learnware_id = id;
  return wanted;
}

/// The rule itself, one learnware at a time.
bool matches(const Entry& have, const specification::SemanticSpecification& wanted) {
  const specification::SemanticTexts values = specification::semantic_texts(have.values());
  for (std::size_t key = 0; key < specification::kSemanticKeys; ++key) {
    const auto& want = wanted.values[key];
    if (!want.empty() && std::none_of(want.begin(), want.end(), [&](const std::string& value) {
          return std::count(values[key].begin(), values[key].end(), value) > 0;
        }))
      return false;
  }
  return have.id().find(wanted.learnware_id) != std::string::npos;
}

SnapshotPosition at(std::uint32_t place) { return SnapshotPosition(place); }

std::vector<SnapshotPosition> by_rule(const Entries& entries,
                                      const specification::SemanticSpecification& wanted) {
  std::vector<SnapshotPosition> positions;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (matches(*entries[i], wanted)) positions.push_back(SnapshotPosition::at(i));
  return positions;
}

TEST(SemanticIndex, FindsByValuesAndPartOfAnId) {
  const Entries entries = {entry("wine-1", {{{"Table"}, {}, {}, {"Nature", "Business"}, {}}}),
                           entry("beer-2", {{{"Image"}, {}, {}, {"Nature"}, {"MIT"}}}),
                           entry("beer-3", {{{"Table"}, {}, {}, {}, {"MIT"}}})};
  const auto index = SemanticIndex::of(entries);
  const auto found = [&](const specification::SemanticSpecification& wanted) {
    return index.positions(index.select(wanted));
  };
  EXPECT_THAT(found(wanting()), ElementsAre(at(0), at(1), at(2)));
  EXPECT_THAT(found(wanting({{{"Table"}}})), ElementsAre(at(0), at(2)));
  EXPECT_THAT(found(wanting({{{"Table", "Image"}, {}, {}, {"Business", "Nature"}, {}}})),
              ElementsAre(at(0), at(1)));
  EXPECT_THAT(found(wanting({{{"Table"}, {}, {}, {}, {"MIT"}}})), ElementsAre(at(2)));
  EXPECT_THAT(found(wanting({{{"Text"}}})), IsEmpty()) << "a value that nobody has";
  EXPECT_THAT(found(wanting({}, "beer")), ElementsAre(at(1), at(2)));
  EXPECT_THAT(found(wanting({{{"Table"}}}, "beer")), ElementsAre(at(2)));
  EXPECT_THAT(found(wanting({}, "wine-1\nbeer")), IsEmpty()) << "ids are not one text";
  EXPECT_THAT(index.positions(index.select(wanting()), 2), ElementsAre(at(0), at(1)));
  EXPECT_TRUE(SemanticIndex().select(wanting()).empty());
  EXPECT_TRUE(SemanticIndex().select(wanting({{{"Table"}}}, "x")).empty());
}

TEST(SemanticIndex, WhatWasTakenBeforeAChangeStaysAsItWas) {
  const Entries first = {entry("a", {{{"Table"}}}), entry("b", {{{"Table"}}})};
  const Entries later = {entry("c", {{{"Table"}}}), entry("d", {{{"Image"}}})};
  const auto before = SemanticIndex::of(first);
  const auto after = before.extended(later);
  const auto less = after.without(at(0));
  EXPECT_THAT(before.select(wanting({{{"Table"}}})).items(), ElementsAre(FilterBit(0), FilterBit(1)));
  EXPECT_THAT(before.select(wanting({}, "c")).items(), IsEmpty());
  EXPECT_THAT(after.select(wanting({{{"Table"}}})).items(),
              ElementsAre(FilterBit(0), FilterBit(1), FilterBit(2)));
  EXPECT_THAT(less.select(wanting({{{"Table"}}})).items(), ElementsAre(FilterBit(1), FilterBit(2)))
      << "items keep their numbers";
  EXPECT_THAT(less.positions(less.select(wanting({{{"Table"}}}))), ElementsAre(at(0), at(1)));
  EXPECT_EQ(less.size(), 3U);
  EXPECT_EQ(less.items(), 4U);
}

TEST(SemanticIndex, IsReadWhileItsSuccessorsAreMade) {
  Entries entries;
  for (int i = 0; i < 500; ++i) entries.push_back(entry(fmt::format("{:04}", i), {{{"Table"}}}));
  const auto index = SemanticIndex::of(entries);
  std::thread reader([&] {
    for (int i = 0; i < 50; ++i) EXPECT_EQ(index.select(wanting({{{"Table"}}}, "00")).count(), 104U);
  });
  SemanticIndex next = index;
  for (int i = 0; i < 50; ++i) next = next.extended(std::span(entries).first(3)).without(at(0));
  reader.join();
  EXPECT_EQ(next.size(), 600U);
}

class RandomDock {
 public:
  explicit RandomDock(std::uint64_t seed) : random_(seed) {}
  void add(std::size_t count) {
    Entries added;
    for (std::size_t i = 0; i < count; ++i) {
      specification::SemanticTexts values;
      for (std::size_t key = 0; key < specification::kSemanticKeys; ++key)
        for (std::size_t n = random_() % 3; n > 0; --n) values[key].push_back(value(key));
      added.push_back(entry(fmt::format("{:06}", made_++), values));
    }
    index_ = index_.extended(added);
    entries_.insert(entries_.end(), added.begin(), added.end());
  }
  void remove() {
    if (entries_.empty()) return;
    const auto position = static_cast<std::size_t>(random_() % entries_.size());
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(position));
    index_ = index_.without(SnapshotPosition::at(position));
  }
  specification::SemanticSpecification requirement() {
    specification::SemanticSpecification wanted;
    for (std::size_t key = 0; key < specification::kSemanticKeys; ++key)
      for (std::size_t n = random_() % 4 / 2; n > 0; --n)
        wanted.values[key].push_back(random_() % 16 == 0 ? "in no vocabulary" : value(key));
    if (random_() % 3 == 0) wanted.learnware_id = std::to_string(random_() % 200);
    return wanted;
  }
  void expect_answers_by_rule(int questions) {
    for (int i = 0; i < questions; ++i) {
      const auto wanted = requirement();
      const auto want = by_rule(entries_, wanted);
      some_ += want.empty() ? 0 : 1;
      EXPECT_EQ(index_.positions(index_.select(wanted)), want);
    }
    EXPECT_EQ(index_.size(), entries_.size());
  }
  std::size_t some() const { return some_; }
  std::uint64_t draw() { return random_(); }
  const SemanticIndex& index() const { return index_; }

 private:
  std::string value(std::size_t key) {
    const auto& known = specification::semantic_vocabularies()[key].values;
    return std::string(known[random_() % known.size()]);
  }
  std::mt19937_64 random_;
  Entries entries_;
  SemanticIndex index_;
  std::size_t made_ = 0, some_ = 0;
};

TEST(SemanticIndex, AnswersAsTheRuleDoesWhileLearnwaresComeAndGo) {
  std::size_t some = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    RandomDock dock(seed);
    for (int step = 0; step < 30; ++step) {
      dock.draw() % 3 == 0 ? dock.remove() : dock.add(dock.draw() % 40);
      dock.expect_answers_by_rule(3);
    }
    some += dock.some();
  }
  EXPECT_GT(some, 1000U) << "most questions left nothing: little was tested";
}

TEST(SemanticIndex, AnswersAsTheRuleDoesAcrossContainers) {
  RandomDock dock(5);
  for (int batch = 0; batch < 3; ++batch) dock.add(50'000);
  for (int i = 0; i < 20; ++i) dock.remove();
  dock.expect_answers_by_rule(20);
  EXPECT_FALSE(dock.index().sparse());
}

TEST(SemanticIndex, SaysWhenSoManyWereRemovedThatItShouldBeMadeAnew) {
  RandomDock dock(6);
  dock.add(4000);
  for (int i = 0; i < 1024; ++i) dock.remove();
  EXPECT_FALSE(dock.index().sparse());
  dock.remove();
  EXPECT_TRUE(dock.index().sparse());
  EXPECT_GT(dock.index().bytes(), 4000U);
}

}  // namespace
}  // namespace learndock::learnwares
