#include "io/crc32c.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace learndock::io {

/// What `crc32c` uses where there is no instruction; no header has it.
std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t before);

namespace {

std::vector<std::byte> random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Crc32c, GivesThePublishedValues) {
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32c(std::as_bytes(std::span(digits))), 0xE3069283u);
  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::vector<std::byte>(32)), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xff})), 0x62A8AB43u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, InstructionAndTablesAgreeAtEveryLengthAndOffset) {
  const auto bytes = random_bytes(200, 1);
  for (std::size_t begin = 0; begin < 16; ++begin)
    for (std::size_t length = 0; begin + length <= bytes.size(); ++length) {
      const auto piece = std::span(bytes).subspan(begin, length);
      ASSERT_EQ(crc32c(piece), crc32c_portable(piece, 0)) << begin << ", " << length;
    }
}

TEST(Crc32c, PiecesGiveTheValueOfTheWhole) {
  const auto bytes = random_bytes(1000, 2);
  const auto whole = std::span(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ASSERT_EQ(crc32c(whole.subspan(cut), crc32c(whole.first(cut))), crc32c(whole)) << cut;
    ASSERT_EQ(crc32c_portable(whole.subspan(cut), crc32c_portable(whole.first(cut), 0)), crc32c(whole))
        << cut;
  }
}

TEST(Crc32c, EverySingleBitChangesIt) {
  auto bytes = random_bytes(64, 3);
  const std::uint32_t sound = crc32c(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    EXPECT_NE(crc32c(bytes), sound) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
  }
}

}  // namespace
}  // namespace learndock::io
