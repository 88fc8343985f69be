#include "query/column_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace learndock::query {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

specification::FeatureDescription inputs_of(const std::vector<std::string>& texts) {
  specification::FeatureDescription inputs;
  inputs.dimension = static_cast<std::uint32_t>(texts.size());
  for (std::uint32_t i = 0; i < inputs.dimension; ++i) inputs.description[i] = texts[i];
  return inputs;
}

ColumnComparison compared(const std::vector<std::string>& columns, const std::vector<std::string>& inputs) {
  return ColumnNames(columns).compare(inputs_of(inputs));
}

TEST(ColumnNames, AreComparedWithoutRegardToSpelling) {
  EXPECT_EQ(key_of_name(" Malic_Acid "), "malic acid");
  EXPECT_EQ(key_of_name("od280/od315"), key_of_name("OD280 per  od315"));
  EXPECT_EQ(key_of_name("Gro\xCC\x88\xC3\x9F"
                        "e"),
            "gr\xC3\xB6\xC3\x9F"
            "e")
      << "a letter and its accent are one letter";
  EXPECT_EQ(key_of_name("(%)"), "");
  EXPECT_EQ(head_of_name("alcohol, in percent"), "alcohol");
  EXPECT_EQ(head_of_name("length (cm)"), "length ");
  EXPECT_EQ(head_of_name("plain"), "plain");
}

TEST(ColumnNames, TheSameNamesInTheSameOrderAreNoNews) {
  EXPECT_EQ(compared({"alcohol", "malic_acid"}, {"alcohol, in percent", "Malic acid"}).match,
            ColumnMatch::in_order);
  EXPECT_EQ(compared({"length (cm)", "width (cm)"}, {"length", "width, scaled"}).match,
            ColumnMatch::in_order);
}

TEST(ColumnNames, TheOrderOfALearnwareIsSaid) {
  const auto found = compared({"hue", "alcohol", "malic_acid"}, {"alcohol, in percent", "malic_acid", "hue"});
  EXPECT_EQ(found.match, ColumnMatch::reordered);
  EXPECT_THAT(found.order, ElementsAre(1, 2, 0));
  EXPECT_THAT(found.missing, IsEmpty());
}

TEST(ColumnNames, OtherNamesAreListed) {
  const auto found = compared({"alcohol", "ash", "hue"}, {"alcohol", "malic_acid, in g", "hue"});
  EXPECT_EQ(found.match, ColumnMatch::other);
  EXPECT_THAT(found.missing, ElementsAre("malic_acid"));
  EXPECT_EQ(compared({"x1", "x2"}, {"alcohol", "ash"}).match, ColumnMatch::other);
  EXPECT_EQ(compared({"ash", "ash"}, {"ash", "hue"}).match, ColumnMatch::other) << "which of the two?";
}

TEST(ColumnNames, WhatIsNoNameIsNotCompared) {
  const std::vector<std::string> pixels = {"grey value of pixel (0, 0)", "grey value of pixel (0, 1)"};
  EXPECT_EQ(compared({"p0", "p1"}, pixels).match, ColumnMatch::unknown) << "sentences";
  EXPECT_EQ(compared({"a", "b"}, {"ash", "ash"}).match, ColumnMatch::unknown);
  EXPECT_EQ(compared({"a", "b"}, {"ash", "%"}).match, ColumnMatch::unknown);
  EXPECT_EQ(compared({"a", "b"}, {"ash", "hue", "alcohol"}).match, ColumnMatch::unknown);
  for (const std::vector<std::string>& numbers :
       {std::vector<std::string>{"0", "1"}, {"#1", "#2"}, {"1", ""}}) {
    EXPECT_FALSE(ColumnNames(numbers).usable());
    EXPECT_EQ(compared(numbers, {"ash", "hue"}).match, ColumnMatch::unknown);
  }
  auto partly = inputs_of({"ash", "hue"});
  partly.description.erase(1);
  EXPECT_EQ(ColumnNames(std::vector<std::string>{"hue", "ash"}).compare(partly).match, ColumnMatch::unknown);
  EXPECT_EQ(ColumnNames(std::vector<std::string>{}).compare({}).match, ColumnMatch::unknown);
}

}  // namespace
}  // namespace learndock::query
