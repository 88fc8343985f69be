#include "learnwares/entry.hpp"

#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::learnwares {
namespace {

EntryFields fields(std::uint64_t sequence, std::size_t dimension = 3) {
  EntryFields fields;
  fields.sequence = LearnwareNumber(sequence);
  fields.id = LearnwareId::create("wine-1").value();
  fields.name = "Größe";
  fields.folded_name = "größe";
  fields.folded_description = "predicts sizes";
  fields.values[static_cast<std::size_t>(specification::SemanticKey::scenario)] = {"Nature"};
  fields.specification = testing::random_specification({5, dimension}, sequence);
  return fields;
}

TEST(Entry, SaysWhatItWasMadeFrom) {
  const auto entry = make_entry(fields(7));
  EXPECT_EQ(entry->sequence(), LearnwareNumber(7));
  EXPECT_EQ(entry->id(), "wine-1");
  EXPECT_EQ(entry->learnware_id().text(), "wine-1");
  EXPECT_EQ(entry->name(), "Größe");
  EXPECT_EQ(entry->folded_name(), "größe");
  EXPECT_EQ(entry->folded_description(), "predicts sizes");
  EXPECT_EQ(specification::semantic_texts(entry->values()), fields(7).values);
  ASSERT_TRUE(entry->has_specification());
  EXPECT_EQ(*entry->specification(), *fields(7).specification);
  EXPECT_EQ(entry->space(), specification::SpaceId::of(*fields(7).specification));
  EXPECT_EQ(entry->specification_bytes(), 5U * (3 + 1) * sizeof(double));
  EntryFields bare;
  bare.sequence = LearnwareNumber(8);
  const auto nothing = make_entry(std::move(bare));
  EXPECT_FALSE(nothing->has_specification());
  EXPECT_EQ(nothing->specification_bytes(), 0U);
  EXPECT_EQ(nothing->folded_description(), "");
}

TEST(Entry, KeepsItsOwnGammaBesideTheOneInForce) {
  EntryFields under = fields(1);
  under.own_kernel = under.specification->kernel;
  under.specification->kernel.gamma = 0.5;
  const auto entry = make_entry(std::move(under));
  EXPECT_EQ(entry->kernel().gamma, 0.5);
  EXPECT_EQ(entry->stored_kernel(), fields(1).specification->kernel);
  EXPECT_EQ(entry->space().kernel.gamma, 0.5);
}

TEST(Entry, LosesAndGetsItsSpecificationAndKeepsTheRest) {
  EntryFields given = fields(3);
  given.self_inner = 2.5;
  auto full = make_entry(std::move(given));
  const auto slim = without_specification(*full);
  const specification::RkmeSpecification specification = *full->specification();
  full.reset();
  EXPECT_EQ(slim->specification(), nullptr);
  EXPECT_TRUE(slim->has_specification());
  EXPECT_EQ(slim->self_inner(), 2.5);
  EXPECT_EQ(slim->name(), "Größe");
  auto again = with_specification(slim, specification);
  EXPECT_EQ(*again->specification(), specification);
  EXPECT_TRUE(std::isnan(again->self_inner()));  // it may be of a part that was lost: computed again
  const auto last = without_specification(*again);
  again.reset();
  EXPECT_EQ(last->id(), "wine-1");
  EXPECT_EQ(specification::semantic_texts(last->values()), fields(3).values);
}

TEST(Entry, SelfTermsAreUnknownUntilStored) {
  const auto entry = make_entry(fields(1));
  EXPECT_TRUE(std::isnan(entry->self_inner()));
  EXPECT_TRUE(std::isnan(entry->self_terms().reference.load()));
  entry->self_terms().in_force = 4;
  EXPECT_EQ(entry->self_inner(), 4);
}

TEST(TraitsPool, EqualTraitsAreOneObjectAsLongAsSomebodyHoldsThem) {
  TraitsPool pool;
  const auto one = make_entry(fields(1), &pool), two = make_entry(fields(2), &pool),
             other = make_entry(fields(3, 2), &pool);
  EXPECT_EQ(&one->traits(), &two->traits());
  EXPECT_NE(&one->traits(), &other->traits());
  // Many that come and go, so that the pool forgets.
  for (int i = 0; i < 1000; ++i)
    static_cast<void>(make_entry(fields(4, 4 + static_cast<std::size_t>(i)), &pool));
  EXPECT_EQ(&make_entry(fields(5), &pool)->traits(), &one->traits());
}

}  // namespace
}  // namespace learndock::learnwares
