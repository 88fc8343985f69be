// Parts on disk: the same answers as in memory, and damage that is found before it is answered from.
#include "engine/part/segment_part.hpp"

#include "engine/part/part_writer.hpp"
#include "engine/search/certified_search.hpp"
#include "engine/search_scene.hpp"
#include "engine/space/part_sections.hpp"
#include "support/flip_bit.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

namespace learndock::engine {
namespace {

using testing::MarketShape;
using testing::SceneMarket;

struct StoredMarket {
  testing::TemporaryFolder folder;
  MarketShape shape;
  SceneMarket market;
  std::shared_ptr<const FeatureSpace> space;
  std::filesystem::path path;

  [[nodiscard]] specification::SpaceId key() const {
    return {{}, {shape.dimension}, {shape.gamma, shape.scales}};
  }
  explicit StoredMarket(compute::CodeType codes, bool floats = false) : path(folder.path() / "part.seg") {
    shape.learnwares = 500;
    shape.dimension = 5;
    shape.scales = floats ? 3 : 1;
    market = testing::make_market(shape, 10);
    if (floats)
      for (auto& set : market.sets)
        for (double& value : set.points.values()) value = static_cast<double>(static_cast<float>(value));
    const auto views = market.views();
    space = std::make_shared<const FeatureSpace>(FeatureSpace::fit(std::span(views).first(200),
                                                                   {shape.gamma, shape.scales}, {48, 24, 1},
                                                                   *testing::test_backend())
                                                     .value());
    auto writer = PartWriter::create(path, key(), space, {codes, 7, 2}).value();
    std::vector<LearnwareNumber> keys(shape.learnwares);
    std::iota(keys.begin(), keys.end(), LearnwareNumber(1000));
    // In batches that are no multiple of a block.
    for (std::size_t first = 0; first < shape.learnwares; first += 77) {
      const std::size_t count = std::min<std::size_t>(77, shape.learnwares - first);
      EXPECT_TRUE(writer.add(market.items(first, count), std::span(keys).subspan(first, count)));
    }
    EXPECT_TRUE(writer.finish());
  }
};

/// A part gives back what it was given: points, weights, and the whole kernel.
void expect_sets_as_given(const StoredMarket& stored, const SearchPart& part) {
  std::vector<double> memory;
  for (std::size_t i = 0; i < part.count(); ++i) {
    const compute::ReducedSetView want = stored.market.sets[i].view(),
                                  have = part.set(PartItem::at(i), memory).value();
    ASSERT_EQ(have.count, want.count);
    ASSERT_EQ(have.dimension, want.dimension);
    ASSERT_TRUE(std::equal(want.points, want.points + want.count * want.dimension, have.points));
    ASSERT_TRUE(std::equal(want.weights, want.weights + want.count, have.weights));
    ASSERT_EQ(have.kernel, want.kernel);
  }
}

TEST(SegmentPart, AnswersWhatTheSamePartInMemoryAnswers) {
  for (const bool floats : {false, true})
    for (int code = 0; code < 4; ++code) {
      const auto codes = static_cast<compute::CodeType>(code);
      const StoredMarket stored(codes, floats);
      const auto part = open_part(stored.path, testing::test_backend()).value();
      PartOptions options;
      options.codes = codes;
      const std::vector<FilteredPart> on_disk{{part}},
          in_memory{{make_memory_part(stored.space, stored.market.items(0, stored.shape.learnwares), options,
                                      testing::test_backend())
                         .value()}};
      for (std::size_t q = 0; q < 10; ++q) {
        const compute::ReducedSetView query = stored.market.sets[stored.shape.learnwares + q].view();
        CertifiedOptions search;
        search.evaluate_all = 0;
        const auto have = certified_search(on_disk, {&query, 1}, search).value()[0];
        const auto want = certified_search(in_memory, {&query, 1}, search).value()[0];
        ASSERT_TRUE(have.exact);
        ASSERT_EQ(have.evaluated, want.evaluated);
        ASSERT_EQ(have.hits.size(), want.hits.size());
        for (std::size_t i = 0; i < have.hits.size(); ++i) {
          ASSERT_EQ(have.hits[i].item, want.hits[i].item);
          ASSERT_EQ(have.hits[i].mmd_squared, want.hits[i].mmd_squared);
        }
      }
      for (const FilteredPart& each : {on_disk[0], in_memory[0]}) expect_sets_as_given(stored, *each.part);
      EXPECT_EQ(part->keys()[3], LearnwareNumber(1003));
      EXPECT_EQ(part->id(PartItem(499)), stored.market.ids[499]);
      EXPECT_EQ(part->info().generation, 7U);
      EXPECT_EQ(part->space_id(), stored.key());
    }
}

TEST(SegmentPart, EveryPrefilterFindsWhatComparingAllFinds) {
  StoredMarket stored(compute::CodeType::int8);
  for (const PrefilterKind kind : {PrefilterKind::code_scan, PrefilterKind::exact_scan, PrefilterKind::cells,
                                   PrefilterKind::faiss_flat, PrefilterKind::hnsw}) {
    SCOPED_TRACE(prefilter_name(kind));
    const auto path = stored.folder.path() / std::string(prefilter_name(kind));
    PartWriterOptions options;
    options.prefilter = kind;
    options.items_per_cell = 20;
    auto writer = PartWriter::create(path, stored.key(), stored.space, options).value();
    std::vector<LearnwareNumber> keys(stored.shape.learnwares);
    std::iota(keys.begin(), keys.end(), LearnwareNumber(5));
    ASSERT_TRUE(writer.add(stored.market.items(0, stored.shape.learnwares), keys));
    ASSERT_TRUE(writer.finish());
    const auto part = open_part(path, testing::test_backend()).value();
    EXPECT_TRUE(std::equal(keys.begin(), keys.end(), part->keys().begin(), part->keys().end()));
    const std::vector<FilteredPart> parts{{part}};
    for (std::size_t q = 0; q < 10; ++q) {
      const compute::ReducedSetView query = stored.market.sets[stored.shape.learnwares + q].view();
      CertifiedOptions search;
      search.evaluate_all = 0;
      search.first_extra = 5;
      const auto answer = certified_search(parts, {&query, 1}, search).value()[0];
      EXPECT_EQ(answer.exact, kind != PrefilterKind::hnsw);
      if (answer.exact) {
        const auto want = testing::brute_force(parts, query, search.top);
        ASSERT_EQ(answer.hits.size(), want.size());
        for (std::size_t i = 0; i < want.size(); ++i) EXPECT_EQ(answer.hits[i].item, want[i].item);
      } else {
        EXPECT_GT(answer.slack, 0);
      }
    }
  }
}

TEST(SegmentPart, KeepsEveryBitOfTheReducedSetsAndFloatsInHalfTheRoom) {
  const StoredMarket doubles(compute::CodeType::int8, false), floats(compute::CodeType::int8, true);
  std::vector<double> memory;
  for (const StoredMarket* stored : {&doubles, &floats}) {
    const auto part = open_part(stored->path, testing::test_backend()).value();
    for (std::size_t i = 0; i < part->count(); ++i) {
      const auto have = part->set(PartItem::at(i), memory).value(), want = stored->market.sets[i].view();
      ASSERT_EQ(have.count, want.count);
      ASSERT_TRUE(std::equal(want.points, want.points + want.count * want.dimension, have.points));
      ASSERT_TRUE(std::equal(want.weights, want.weights + want.count, have.weights));
    }
  }
  EXPECT_LT(std::filesystem::file_size(floats.path), std::filesystem::file_size(doubles.path));
}

TEST(SegmentPart, DamageAnywhereIsFoundBeforeItIsAnsweredFrom) {
  const StoredMarket stored(compute::CodeType::int4);
  const auto whole = store::Segment::open(stored.path).value();
  std::mt19937_64 random(5);
  for (const store::SectionInfo& section : whole->sections())
    for (int repeat = 0; repeat < 8; ++repeat) {
      const std::uint64_t at = section.offset + random() % section.length;
      testing::flip_bit(stored.path, at, 2);
      const auto part = open_part(stored.path, testing::test_backend());
      if (section.id != kRecordSection) {
        ASSERT_FALSE(part.has_value()) << "section " << section.id;
        EXPECT_EQ(part.error().code, ErrorCode::corrupt);
      } else {
        ASSERT_TRUE(part.has_value());
        const std::vector<FilteredPart> parts{{*part}};
        const compute::ReducedSetView query = stored.market.sets[stored.shape.learnwares].view();
        CertifiedOptions options;
        options.top = 500;
        const auto answer = certified_search(parts, {&query, 1}, options);
        ASSERT_FALSE(answer.has_value());
        EXPECT_EQ(answer.error().code, ErrorCode::corrupt);
      }
      testing::flip_bit(stored.path, at, 2);
    }
  EXPECT_TRUE(open_part(stored.path, testing::test_backend()).has_value());
}

TEST(SegmentPart, CutShortWhileOpenItStillSaysWhichLearnwaresItHad) {
  const StoredMarket stored(compute::CodeType::fp32);
  const auto part = open_part(stored.path, testing::test_backend()).value();
  std::filesystem::resize_file(stored.path, 0);
  static_cast<void>(part->self(PartItem(0)));  // met by reading
  ASSERT_FALSE(part->segment()->intact().has_value());
  ASSERT_EQ(part->keys().size(), part->count());
  for (std::size_t i = 0; i < part->count(); ++i) {
    EXPECT_EQ(part->keys()[i], LearnwareNumber(1000 + i));
    EXPECT_TRUE(part->id(PartItem::at(i)).empty());
  }
  std::vector<double> memory;
  EXPECT_EQ(part->set(PartItem(0), memory).error().code, ErrorCode::corrupt);
}

TEST(SegmentPart, AnEmptyPartIsAPart) {
  const StoredMarket stored(compute::CodeType::int4);
  const auto path = stored.folder.path() / "empty.seg";
  auto writer = PartWriter::create(path, stored.key(), stored.space, {}).value();
  ASSERT_TRUE(writer.finish());
  const auto part = open_part(path, testing::test_backend()).value();
  EXPECT_EQ(part->count(), 0U);
  const std::vector<FilteredPart> parts{{part}};
  const compute::ReducedSetView query = stored.market.sets[0].view();
  const auto answer = certified_search(parts, {&query, 1}, {}).value()[0];
  EXPECT_TRUE(answer.exact && answer.hits.empty());
}

TEST(SegmentPart, AnotherDimensionIsRefused) {
  const StoredMarket stored(compute::CodeType::int4);
  auto writer =
      PartWriter::create(stored.folder.path() / "other.seg", stored.key(), stored.space, {}).value();
  const auto other = testing::random_set({2, 9, 0.1, 0, 1, false}, 1);
  const ItemContent item{"x", other.view()};
  const LearnwareNumber key(1);
  const auto added = writer.add({&item, 1}, {&key, 1});
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace learndock::engine
