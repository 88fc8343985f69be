#include "specification/space_kernels.hpp"

#include "learndock/base/json.hpp"

#include "specification/kinds/image/image.hpp"
#include "specification/kinds/text/text.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace learndock::specification {
namespace {

const SpaceFamily kTable{Kind(), {20}, 1};

SpaceKernels some_kernels() {
  SpaceKernels kernels;
  const SpaceFamily text{Kind(kTextKind), {384}, 2};
  EXPECT_TRUE(kernels.set(kTable, kTable.kernel(0.1 / 3)).has_value());
  EXPECT_TRUE(kernels.set(text, text.kernel(1e-300)).has_value());
  return kernels;
}

TEST(SpaceKernels, StandInPlaceOfTheSpecificationsOwn) {
  const SpaceKernels kernels = some_kernels();
  EXPECT_EQ(kernels.kernel_of(kTable), kTable.kernel(0.1 / 3));
  EXPECT_EQ(kernels.current(kTable.under({7, 1})), kTable.under({0.1 / 3, 1}));
  const SpaceId other{Kind(), {21}, {7, 1}};
  EXPECT_EQ(kernels.current(other), other);
}

TEST(SpaceKernels, RefuseWhatIsNoKernelOfTheFamily) {
  SpaceKernels kernels;
  const SpaceFamily narrow{Kind(), {1}, 4}, image{Kind(kImageKind), {3, 32, 32}, 1};
  EXPECT_FALSE(kernels.set(kTable, kTable.kernel(-1)).has_value());
  EXPECT_FALSE(kernels.set(kTable, {0.1, 2}).has_value()) << "other scales";
  EXPECT_FALSE(kernels.set(image, image.kernel(1)).has_value());
  EXPECT_FALSE(kernels.set(narrow, narrow.kernel(1e308)).has_value());
  EXPECT_TRUE(kernels.empty());
}

TEST(SpaceKernels, HaveOneText) {
  const SpaceKernels kernels = some_kernels();
  const std::string text = kernels_text(kernels);
  EXPECT_EQ(text, R"([{"type":"RKMETableSpecification","shape":[20],"scales":1,"gamma":0.03333333333333333},)"
                  R"({"type":"RKMETextSpecification","shape":[384],"scales":2,"gamma":1e-300}])");
  EXPECT_EQ(kernels_from_text(text).value(), kernels);
  EXPECT_EQ(kernels_text({}), "");
  EXPECT_TRUE(kernels_from_text("")->empty());
  EXPECT_EQ(kernels_from_text("[").error().code, ErrorCode::corrupt);
}

TEST(SpaceKernels, ADamagedFormIsRefused) {
  const Json good = to_json(some_kernels());
  ASSERT_TRUE(kernels_from_json(good).has_value());
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{{"type", "Unknown"},
                                                                            {"type", 1},
                                                                            {"shape", Json::array()},
                                                                            {"shape", {0}},
                                                                            {"shape", {1.5}},
                                                                            {"scales", 0},
                                                                            {"scales", 5},
                                                                            {"gamma", 0},
                                                                            {"gamma", "0.1"},
                                                                            {"gamma", nullptr}}) {
    Json bad = good;
    bad[0][key] = value;
    EXPECT_EQ(kernels_from_json(bad).error().code, ErrorCode::corrupt) << key << " " << value;
  }
  Json twice = good;
  twice.push_back(good[0]);
  EXPECT_FALSE(kernels_from_json(twice).has_value());
  EXPECT_FALSE(kernels_from_json(Json::object()).has_value());
}

}  // namespace
}  // namespace learndock::specification
