#include "query/blind_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace learndock::query {
namespace {

using ::testing::HasSubstr;

TEST(BlindCheck, WarningsNameTheWholeKernel) {
  EXPECT_THAT(blind_warning(0.001, {0.5, 1}), HasSubstr("under 0.01, with gamma 0.5; distances"));
  EXPECT_THAT(blind_warning(0.001, {0.5, 3}), HasSubstr("under 0.01, with gamma 0.5, 3 scales; distances"));
  EXPECT_THAT(
      blind_warning(0.001, {0.5, 3}, 2, 7),
      HasSubstr("2 of 7 imported learnwares; the first, in this line, has a mean off-diagonal kernel value "
                "of 0.001, under 0.01, with gamma 0.5, 3 scales; distances"));
}

}  // namespace
}  // namespace learndock::query
