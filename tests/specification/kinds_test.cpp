#include "learndock/specification/kinds.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/mmd.hpp"
#include "learndock/specification/semantic.hpp"

#include "specification/space_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace learndock::specification {
namespace {

/// By number, which is one byte in files.
std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (std::uint64_t number = 0; number < 256; ++number)
    if (const auto kind = kind_of_number(number)) kinds.push_back(*kind);
  return kinds;
}

TEST(Kinds, HaveTheNumbersAndNamesThatAreStored) {
  std::map<int, std::string_view> names;
  for (const Kind& kind : all_kinds()) names.emplace(kind->number, kind->name());
  EXPECT_EQ(names, (std::map<int, std::string_view>{{1, "RKMETableSpecification"},
                                                    {2, "RKMEImageSpecification"},
                                                    {3, "RKMETextSpecification"},
                                                    {4, "HeteroMapTableSpecification"}}));
  EXPECT_EQ(kind_of_name("RKMEStatSpecification"), Kind());
  EXPECT_EQ(Kind()->number, 1);
  EXPECT_FALSE(kind_of_name("").has_value());
  EXPECT_FALSE(kind_of_number(0).has_value());
  EXPECT_FALSE(kind_of_number(257).has_value()) << "a number is not cut to a byte";
}

TEST(Kinds, DoNotShareNumbersNamesOrRanks) {
  std::set<int> numbers, ranks;
  std::set<std::string_view> names;
  std::size_t all_names = 0;
  for (const Kind& kind : all_kinds()) {
    numbers.insert(kind->number);
    ranks.insert(kind->rank);
    names.insert(kind->names.begin(), kind->names.end());
    all_names += kind->names.size();
    EXPECT_EQ(kind_of_number(kind->number), kind);
    EXPECT_GE(kind->most_scales, 1U);
    EXPECT_LE(kind->most_scales, compute::kMaxScales);
    const auto& data = semantic_vocabularies()[static_cast<std::size_t>(SemanticKey::data)].values;
    EXPECT_NE(std::find(data.begin(), data.end(), kind->data), data.end()) << kind->data;
  }
  EXPECT_EQ(numbers.size(), all_kinds().size());
  EXPECT_EQ(ranks.size(), all_kinds().size());
  EXPECT_EQ(names.size(), all_names);
}

TEST(Kinds, AreListedForMessages) {
  EXPECT_EQ(kind_names(),
            "RKMETableSpecification, RKMETextSpecification, RKMEImageSpecification or "
            "HeteroMapTableSpecification");
}

TEST(Kinds, OnlyTablesHaveInput) {
  EXPECT_TRUE(data_has_input("Table"));
  EXPECT_FALSE(data_has_input("Text"));
  EXPECT_FALSE(data_has_input("Image"));
  EXPECT_FALSE(data_has_input(""));
}

/// A kind that no code but this test knows.
constexpr std::string_view kSoundNames[] = {"RKMESoundSpecification"};
constexpr PassedKey kSoundFirst[] = {{"rate", "44100"}};
constexpr PassedKey kSoundLater[] = {{"encoder", "null"}};
std::string_view sound_fault(std::span<const std::size_t> shape) {
  return shape.size() == 2 ? "" : "a sound has channels and samples";
}
constexpr KindRules kSoundKind = {.number = 77,
                                  .names = kSoundNames,
                                  .data = "Sound",
                                  .most_scales = 2,
                                  .shape_fault = sound_fault,
                                  .keys_before_points = kSoundFirst,
                                  .keys_after_points = kSoundLater,
                                  .writes_num_points = false,
                                  .has_languages = true};

RkmeSpecification sound() {
  RkmeSpecification spec;
  spec.kind = Kind(kSoundKind);
  spec.points = Matrix<double>(1, 2, {0, 1});
  spec.weights = {1};
  spec.trailing_shape = {1, 2};
  spec.kernel = {0.5, 2};
  spec.languages = {"en"};
  spec.extra = Json{{"encoder", "ears"}};
  return spec;
}

TEST(Kinds, ANewOneNeedsNoOtherCode) {
  const RkmeSpecification spec = sound();
  EXPECT_TRUE(validate(spec).has_value());
  EXPECT_EQ(to_json_text(spec),
            R"({"rate":44100,"z":[[[0.0,1.0]]],"beta":[1.0],"encoder":"ears","gamma":0.5,"scales":2,)"
            R"("type":"RKMESoundSpecification","language":["en"]})");
  EXPECT_EQ(to_binary(spec)[6], 77);
  EXPECT_EQ(SpaceId::of(spec).text(), "RKMESoundSpecification of 1 x 2, gamma 0.5, 2 scales");
  EXPECT_LT(SpaceId::of(RkmeSpecification()), SpaceId::of(spec));
  const auto backend = compute::open_backend("cpu_reference").value();
  EXPECT_NEAR(distance(spec, spec, *backend)->mmd_squared, 0, 1e-12);
  EXPECT_TRUE(SpaceKernels().set(SpaceFamily::of(spec), {0.25, 2}).has_value());
}

TEST(Kinds, TheRulesOfANewOneHold) {
  RkmeSpecification spec = sound();
  spec.kernel.scales = 3;
  EXPECT_EQ(validate(spec).error().message, "the kernel has 3 scales; a RKMESoundSpecification has 1 to 2");
  spec = sound();
  spec.trailing_shape = {2};
  EXPECT_EQ(validate(spec).error().message, "a sound has channels and samples");
  KindRules rules = kSoundKind;
  rules.not_comparable = "sounds have no kernel yet";
  spec = sound();
  spec.kind = Kind(rules);
  const auto backend = compute::open_backend("cpu_reference").value();
  EXPECT_EQ(distance(spec, spec, *backend).error().message, "sounds have no kernel yet");
  EXPECT_EQ(mean_off_diagonal_kernel(spec, *backend).error().code, ErrorCode::spec_kernel);
  EXPECT_FALSE(SpaceKernels().set(SpaceFamily::of(spec), {0.25, 2}).has_value());
}

}  // namespace
}  // namespace learndock::specification
