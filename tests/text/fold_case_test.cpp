#include "text/fold_case.hpp"

#include "text/code_points.hpp"

#include <gtest/gtest.h>

namespace learndock::text {
namespace {

TEST(FoldCase, LowersLettersAndLeavesTheRest) {
  EXPECT_EQ(fold_case("Wine ÀÖ Σ Привет 手写"), "wine àö σ привет 手写");
  EXPECT_EQ(fold_case("A\xff").front(), 'a') << "bytes that are not UTF-8 do not fail";
}

constexpr struct {
  char32_t letter, lower;
} kLowerCases[] = {
#include "lower_case_recorded.inc"
};

TEST(FoldCase, AgreesWithRecordedLowerCases) {
  const auto utf8 = [](char32_t point) { return to_utf8(std::u32string(1, point)); };
  for (const auto& row : kLowerCases) {
    EXPECT_EQ(fold_case(utf8(row.letter)), utf8(row.lower)) << std::uint32_t{row.letter};
    EXPECT_EQ(fold_case(utf8(row.lower)), utf8(row.lower)) << std::uint32_t{row.lower};
  }
  EXPECT_EQ(fold_case("ŻÓŁĆ ΆΈΏ ĐẶC TRƯNG ＡＺ Ÿ"), "żółć άέώ đặc trưng ａｚ ÿ");
  EXPECT_EQ(fold_case("ΟΔΟΣ ΣΟΦΟΣ."), "οδος σοφος.") << "a sigma that ends a word";
  EXPECT_EQ(fold_case("İ"), "i\u0307");
  EXPECT_EQ(fold_case("ẞ DŽ Dž"), "ß dž dž") << "lower case, not folded: a sharp s stays one letter";
}

}  // namespace
}  // namespace learndock::text
