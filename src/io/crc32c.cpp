#include "io/crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>
#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace learndock::io {
namespace {

static_assert(std::endian::native == std::endian::little, "words are taken from the bytes as they lie");

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // bit-reflected
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// tables[k][b]: the remainder of byte b followed by k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = value;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t value = tables[k - 1][byte];
      tables[k][byte] = (value >> 8) ^ tables[0][value & 0xff];
    }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint64_t load_word(const std::byte* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint32_t portable_steps(const std::byte* bytes, std::size_t count, std::uint32_t state) {
  for (; count >= 8; bytes += 8, count -= 8) {
    const std::uint64_t word = load_word(bytes) ^ state;
    state = 0;
    for (std::size_t k = 0; k < 8; ++k) state ^= kTables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; count > 0; ++bytes, --count)
    state = (state >> 8) ^ kTables[0][(state ^ std::to_integer<std::uint32_t>(*bytes)) & 0xff];
  return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t instruction_steps(const std::byte* bytes, std::size_t count,
                                                                  std::uint32_t state) {
  std::uint64_t wide = state;
  for (; count >= 8; bytes += 8, count -= 8) wide = _mm_crc32_u64(wide, load_word(bytes));
  state = static_cast<std::uint32_t>(wide);
  for (; count > 0; ++bytes, --count) state = _mm_crc32_u8(state, std::to_integer<unsigned char>(*bytes));
  return state;
}
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }
#elif defined(__ARM_FEATURE_CRC32)
std::uint32_t instruction_steps(const std::byte* bytes, std::size_t count, std::uint32_t state) {
  for (; count >= 8; bytes += 8, count -= 8) state = __crc32cd(state, load_word(bytes));
  for (; count > 0; ++bytes, --count) state = __crc32cb(state, std::to_integer<std::uint8_t>(*bytes));
  return state;
}
bool has_instruction() { return true; }
#else
std::uint32_t instruction_steps(const std::byte* bytes, std::size_t count, std::uint32_t state) {
  return portable_steps(bytes, count, state);
}
bool has_instruction() { return false; }
#endif

}  // namespace

/// `crc32c` by tables alone. No header has it; the tests declare it, to compare it with the instruction.
std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t before) {
  return ~portable_steps(bytes.data(), bytes.size(), ~before);
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  static const bool instruction = has_instruction();
  if (!instruction) return crc32c_portable(bytes, before);
  return ~instruction_steps(bytes.data(), bytes.size(), ~before);
}

}  // namespace learndock::io
