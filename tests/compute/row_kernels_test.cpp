// Sums over pairs of rows, on every instruction set, against long double under the stated rounding.
#include "compute/row_kernels.hpp"

#include "support/compute_challengers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>

namespace learndock::compute {
namespace {

Matrix<float> random_rows(std::size_t rows, std::size_t width, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Matrix<float> made(rows, width);
  for (std::size_t r = 0; r < rows; ++r)
    for (float& value : made.row(r)) value = normal(random);
  return made;
}

class RowSums : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(limit_instruction_set(GetParam()).has_value()); }
  void TearDown() override { ASSERT_TRUE(limit_instruction_set("").has_value()); }
};

TEST_P(RowSums, StayWithinTheirStatedRounding) {
  constexpr auto kUnit = static_cast<long double>(0x1p-24);
  for (const std::size_t width : {1U, 3U, 4U, 15U, 16U, 17U, 257U})
    for (const std::size_t queries : {1U, 2U, 3U})
      for (const std::size_t rows : {1U, 3U, 4U, 5U, 513U}) {
        const Matrix<float> a = random_rows(queries, width, 1), b = random_rows(rows, width, 2);
        for (const RowSum sum : {RowSum::products, RowSum::squared_differences}) {
          Matrix<float> out(queries, rows);
          row_sums(sum, a.view(), b.view(), out.view(), 2);
          for (std::size_t q = 0; q < queries; ++q)
            for (std::size_t r = 0; r < rows; ++r) {
              long double exact = 0, magnitude = 0;
              for (std::size_t k = 0; k < width; ++k) {
                const auto x = static_cast<long double>(a(q, k)), y = static_cast<long double>(b(r, k));
                const long double term = sum == RowSum::products ? x * y : (x - y) * (x - y);
                exact += term;
                magnitude += std::abs(term);
              }
              // A few more than the sums' own: a difference is rounded before it is squared.
              const long double allowed = kUnit * static_cast<long double>(width + 4) * magnitude;
              ASSERT_LE(std::abs(static_cast<long double>(out(q, r)) - exact), allowed)
                  << width << " wide, query " << q << ", row " << r;
            }
        }
      }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, RowSums, ::testing::ValuesIn(usable_instruction_sets()),
                         [](const auto& target) { return target.param; });

}  // namespace
}  // namespace learndock::compute
