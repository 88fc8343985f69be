#pragma once

#include "learndock/dock/dock.hpp"
#include "learndock/reindex/reindex.hpp"
#include "learndock/specification/codec.hpp"

#include "dock/import_line.hpp"
#include "engine/search_scene.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace learndock::testing {

namespace fs = std::filesystem;
using dock::Dock;
using dock::DockOptions;
using dock::ImportOutcome;
using query::SearchRequest;
using reindex::ReindexOptions;

/// A dock of two spaces that are indexed, the second of two scales, one too small for it, and records without
/// a specification.
class IndexedDockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    large_ = make_market(shape(4, 1), 20);
    other_ = make_market(shape(3, 2, 2), 20);
    ASSERT_TRUE(dock::Dock::create(dock()).has_value());
    const auto opened = open();
    ASSERT_EQ(import_lines(*opened, lines(0, 400)).imported.size(), lines(0, 400).size());
    options_.landmarks = 48;
    options_.coordinates = 24;
    options_.smallest_space = 100;
    options_.range_records = 700;  // segments of more learnwares than are compared one by one
    options_.threads = 1;
  }

  static MarketShape shape(std::size_t dimension, std::uint64_t seed, std::uint32_t scales = 1) {
    MarketShape shape;
    shape.learnwares = 500;
    shape.dimension = dimension;
    shape.duplicates = 0.1;
    shape.seed = seed;
    shape.scales = scales;
    return shape;
  }

  fs::path dock() const { return folder_.path() / "dock"; }
  /// @param index_from  learnwares that no part holds from which they become one
  std::unique_ptr<dock::Dock> open(std::size_t index_from = dock::DockOptions().index_from) const {
    dock::DockOptions options;
    options.threads = 1;
    options.index_from = index_from;
    options.entries_from = 1;
    return dock::Dock::open(dock(), options).value();
  }

  static std::string line(const std::string& id, const WeightedSet& set, std::size_t i) {
    return import_line(id, numbered_model(i), specification_of(set));
  }
  static specification::RkmeSpecification specification_of(const WeightedSet& set) {
    return specification::make_table_specification(set.points, set.weights, set.gamma, 100, set.scales)
        .value();
  }

  /// Learnwares [first, last) of both spaces in turn.
  std::vector<std::string> lines(std::size_t first, std::size_t last) const {
    std::vector<std::string> all;
    for (std::size_t i = first; i < last; ++i) {
      all.push_back(line("a" + large_.ids[i], large_.sets[i], i));
      all.push_back(line("b" + other_.ids[i], other_.sets[i], i));
      if (i % 40 == 0) {
        auto rare = large_.sets[i];
        rare.gamma = 0.37;
        all.push_back(line("c" + large_.ids[i], rare, i));
      }
    }
    return all;
  }

  dock::ImportOutcome import_lines(dock::Dock& opened, const std::vector<std::string>& text) const {
    const fs::path file = folder_.path() / "lines.jsonl";
    std::ofstream out(file);
    for (const std::string& one : text) out << one;
    out.close();
    return opened.import_specifications(file).value();
  }

  std::vector<query::SearchRequest> requests() const {
    std::vector<query::SearchRequest> all;
    for (std::size_t q = 0; q < 6; ++q)
      for (const SceneMarket* opened : {&large_, &other_}) {
        const auto& set = opened->sets[500 + q];
        query::SearchRequest request;
        request.specification = specification_of(set);
        request.top = q % 2 == 0 ? 10 : 37;
        if (q != 1) request.mixture = q % 3 == 0 ? 0 : 3 + q;
        if (q == 1 && opened == &large_) request.mixture_method = query::MixtureMethod::greedy;
        if (q == 4 && opened == &large_) request.mixture_method = query::MixtureMethod::auto_weights;
        all.push_back(request);
        request.semantic.of(specification::SemanticKey::scenario) = {"Business"};
        all.push_back(request);
        request.text = "model 1";
        all.push_back(std::move(request));
      }
    return all;
  }

  /// The learnware as it was brought, not as any part holds it. What follows a plus names a copy.
  const WeightedSet& set_of(const LearnwareId& id) const {
    const std::string text = id.text().substr(0, id.text().find('+'));
    const SceneMarket& opened = text[0] == 'b' ? other_ : large_;
    const auto found = std::find(opened.ids.begin(), opened.ids.end(), text.substr(1));
    return opened.sets.at(static_cast<std::size_t>(found - opened.ids.begin()));
  }

  /// What an answer says of its learnwares and of their mixture is so: by the definition, from the
  /// specifications that were brought.
  void expect_true_distances(const query::SearchRequest& request, const query::SearchAnswer& answer) const {
    const compute::ReducedSetView query = request.specification->view();
    const compute::Kernel kernel = query.kernel;
    const auto product = [&](const compute::ReducedSetView& a, const compute::ReducedSetView& b) {
      return compute::DirectQuery(a, kernel).inner_product(b);
    };
    const double self = product(query, query);
    for (const query::SingleHit& hit : answer.singles) {
      const compute::ReducedSetView set = set_of(hit.id).view();
      EXPECT_NEAR(*hit.mmd_squared, product(set, set) - 2 * product(query, set) + self, 1e-10)
          << hit.id.text();
    }
    if (!answer.mixture) return;
    double sum = 0, own = 0, with_user = 0;
    for (const query::MixtureMember& a : answer.mixture->members) {
      // The reference keeps a member whose weight a later round took away.
      EXPECT_TRUE(a.weight > 0 || (a.weight == 0 && !answer.mixture->gap));
      sum += a.weight;
      with_user += a.weight * product(query, set_of(a.id).view());
      for (const query::MixtureMember& b : answer.mixture->members)
        own += a.weight * b.weight * product(set_of(a.id).view(), set_of(b.id).view());
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    EXPECT_NEAR(answer.mixture->mmd_squared, own - 2 * with_user + self, 1e-8);
    EXPECT_NEAR(answer.mixture->score, 1 - answer.mixture->mmd_squared / (own + self), 1e-7);
  }

  /// Every answer is that of the oracle backend, which compares all learnwares one by one, and both are true.
  void expect_right_answers(const dock::Dock& opened, bool few_evaluated) const {
    std::uint64_t evaluated = 0, all = 0;
    for (query::SearchRequest request : requests()) {
      const auto have = opened.search(request);
      ASSERT_TRUE(have.has_value()) << describe(have.error());
      request.backend = "cpu_reference";
      const auto want = opened.search(request);
      ASSERT_TRUE(want.has_value());
      expect_true_distances(request, *have);
      expect_true_distances(request, *want);
      expect_same(*have, *want);
      evaluated += have->evaluated;
      all += want->evaluated;
    }
    if (few_evaluated) {
      EXPECT_LT(evaluated, all) << "the index left nothing out";
    }
  }

  static void expect_same(const query::SearchAnswer& have, const query::SearchAnswer& want) {
    EXPECT_TRUE(have.exact);
    EXPECT_EQ(have.slack, 0);
    ASSERT_EQ(have.singles.size(), want.singles.size());
    for (std::size_t i = 0; i < have.singles.size(); ++i) {
      EXPECT_NEAR(*have.singles[i].mmd_squared, *want.singles[i].mmd_squared, 1e-12);
      EXPECT_NEAR(*have.singles[i].score, *want.singles[i].score, 1e-9);
      EXPECT_EQ(have.singles[i].id, want.singles[i].id);
      EXPECT_EQ(have.singles[i].name, want.singles[i].name);
    }
    ASSERT_EQ(have.mixture.has_value(), want.mixture.has_value());
    if (!have.mixture) return;
    EXPECT_NEAR(have.mixture->mmd_squared, want.mixture->mmd_squared, 1e-7);
    EXPECT_NEAR(have.mixture->score, want.mixture->score, 1e-6);
    ASSERT_EQ(have.mixture->gap.has_value(), want.mixture->gap.has_value());
    if (!have.mixture->gap) return;
    // The best gap of all steps, where the other is that of the last.
    EXPECT_LE(*have.mixture->gap, *want.mixture->gap + 1e-3);
    EXPECT_GE(*have.mixture->gap, 0);
  }

  /// Learnwares that were acknowledged are there, each once, and each kill left at most one besides: stored,
  /// and killed before it was said.
  void expect_held(const dock::Dock& opened, const std::set<std::string>& acknowledged,
                   unsigned kills) const {
    std::set<std::string> held;
    for (std::optional<std::uint64_t> after = 0; after;) {
      const auto page = opened.list(*after, 500).value();
      for (const auto& record : page.records)
        EXPECT_TRUE(held.insert(record.id.text()).second) << record.id.text() << " is there twice";
      after = page.next;
    }
    for (const std::string& id : acknowledged) EXPECT_TRUE(held.contains(id)) << id << " is lost";
    EXPECT_EQ(opened.status().learnwares, held.size());
    EXPECT_LE(held.size(), lines(0, 400).size() + acknowledged.size() + kills);
    expect_right_answers(opened, false);
  }

  TemporaryFolder folder_;
  SceneMarket large_, other_;
  ReindexOptions options_;
};

}  // namespace learndock::testing
