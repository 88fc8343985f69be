#include "dock/view/entry_fields.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::dock {
namespace {

using specification::SemanticKey;

/// Compares what is handed on at an upload with what a later opening reads from the record.
void expect_same(const learnwares::EntryFields& handed_on, const learnwares::EntryFields& read) {
  EXPECT_EQ(handed_on.sequence, read.sequence);
  EXPECT_EQ(handed_on.id, read.id);
  EXPECT_EQ(handed_on.name, read.name);
  EXPECT_EQ(handed_on.folded_name, read.folded_name);
  EXPECT_EQ(handed_on.folded_description, read.folded_description);
  EXPECT_EQ(specification::semantic_bits(handed_on.values), specification::semantic_bits(read.values));
  EXPECT_EQ(handed_on.specification, read.specification);
  EXPECT_EQ(handed_on.own_kernel, read.own_kernel);
  EXPECT_TRUE(std::isnan(handed_on.self_inner) && std::isnan(read.self_inner));
}

catalog::LearnwareRecord described_record(
    const specification::SemanticSpecification& semantic,
    const std::optional<specification::RkmeSpecification>& statistical) {
  catalog::LearnwareRecord record;
  record.sequence = LearnwareNumber(7);
  record.id = LearnwareId::create("seven").value();
  record.name = "Seven";
  record.semantic_json = to_text(specification::semantic_to_json(semantic));
  if (statistical) record.statistical = specification::to_binary(*statistical);
  return record;
}

TEST(EntryFields, ARecordWithoutModelIsOneOfTheOthers) {
  const auto record = described_record({}, std::nullopt);
  EXPECT_EQ(entry_fields(record)->values[static_cast<std::size_t>(SemanticKey::model)],
            std::vector<std::string>{"Others"});
}

TEST(EntryFields, WhatIsHandedOnIsWhatTheRecordSays) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    specification::SemanticSpecification semantic;
    if (seed % 2 == 0)
      semantic.name =
          "Stra\xC3\x9F"
          "e \"quoted\" " +
          std::to_string(seed);
    semantic.description = "Line\nbreaks, \xC3\x84pfel and \xF0\x9F\x8D\x8E";
    semantic.of(SemanticKey::data) = {"Table"};
    if (seed % 3 == 0) semantic.of(SemanticKey::scenario) = {"Health", "Nature"};
    semantic.input = specification::FeatureDescription{3, {{1, "width"}}};
    std::optional<specification::RkmeSpecification> statistical;
    if (seed % 5 != 0)
      statistical = testing::random_specification({.count = 4, .dimension = 1 + seed % 7}, seed);
    const catalog::LearnwareRecord record = described_record(semantic, statistical);

    specification::SpaceKernels kernels;
    expect_same(entry_fields_of(record, semantic, statistical, kernels), entry_fields(record).value());
    if (!statistical) continue;
    ASSERT_TRUE(kernels
                    .set(specification::SpaceFamily::of(*statistical),
                         specification::SpaceFamily::of(*statistical).kernel(0.75))
                    .has_value());
    const auto fields = entry_fields_of(record, semantic, statistical, kernels);
    EXPECT_EQ(fields.own_kernel, statistical->kernel);
    expect_same(fields, entry_fields(record, kernels).value());
  }
}

TEST(EntryFields, ARecordThatIsTooLongToBeReadAgainIsRefused) {
  catalog::LearnwareRecord record;
  record.semantic_json.assign(specification::kMaxSemanticBytes, ' ');
  EXPECT_TRUE(check_length(record).has_value());
  record.semantic_json += ' ';
  EXPECT_EQ(check_length(record).error().code, ErrorCode::json_size);
}

}  // namespace
}  // namespace learndock::dock
