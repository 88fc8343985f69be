#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "../bench/ceiling_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/simd-inl.hpp"
// clang-format on

#include "ceiling_kernels.hpp"

#include <cstdint>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace learndock::bench::HWY_NAMESPACE {
using namespace learndock::compute::HWY_NAMESPACE;  // NOLINT: the kernels' own vocabulary

/// Independent chains: enough to hide the latency of the operation, few enough to stay in registers.
constexpr std::size_t kChains = 12;

float fma_rounds(std::size_t rounds) {
  const FloatTag tag;
  Floats sum[kChains];
  const auto x = hn::Set(tag, 0.9999999F), y = hn::Set(tag, 1e-7F);
  unrolled<kChains>([&](auto i) HWY_ATTR { sum[i] = hn::Set(tag, static_cast<float>(i)); });
  for (std::size_t round = 0; round < rounds; ++round)
    unrolled<kChains>([&](auto i) HWY_ATTR { sum[i] = hn::MulAdd(sum[i], x, y); });
  auto total = hn::Zero(tag);
  unrolled<kChains>([&](auto i) HWY_ATTR { total = hn::Add(total, sum[i]); });
  return hn::GetLane(hn::SumOfLanes(tag, total));
}

float exp_rounds(std::size_t rounds) {
  const FloatTag tag;
  Floats x[8];
  unrolled<8>([&](auto i) HWY_ATTR { x[i] = hn::Set(tag, -0.1F * static_cast<float>(i)); });
  for (std::size_t round = 0; round < rounds; ++round)
    unrolled<8>([&](auto i) HWY_ATTR { x[i] = hn::Neg(exp2_not_positive(tag, x[i])); });
  auto total = hn::Zero(tag);
  unrolled<8>([&](auto i) HWY_ATTR { total = hn::Add(total, x[i]); });
  return hn::GetLane(hn::SumOfLanes(tag, total));
}

int int8_rounds(std::size_t rounds) {
  const IntTag tag;
  Ints sum[kChains];
  const auto codes = hn::Set(tag, 0x01020304), query = hn::Set(tag, 0x01FF0102);
  unrolled<kChains>([&](auto i) HWY_ATTR { sum[i] = hn::Set(tag, static_cast<int>(i)); });
  for (std::size_t round = 0; round < rounds; ++round) {
#if HWY_TARGET == HWY_AVX3_DL
    unrolled<kChains>([&](auto i) HWY_ATTR {
      __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[i].raw) : "v"(codes.raw), "v"(query.raw));
    });
#elif HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    // Two multiplications of 16-bit pairs do what one of 8-bit quadruples does.
    const hn::Repartition<std::int16_t, IntTag> wide;
    auto unused = hn::Zero(tag);
    unrolled<kChains>([&](auto i) HWY_ATTR {
      for (int half = 0; half < 2; ++half)
        sum[i] = hn::ReorderWidenMulAccumulate(tag, hn::BitCast(wide, codes), hn::BitCast(wide, query),
                                               sum[i], unused);
    });
#else
    unrolled<kChains>([&](auto i) HWY_ATTR {
      for (int byte = 0; byte < 4; ++byte) sum[i] = hn::Add(sum[i], hn::Mul(codes, query));
    });
#endif
  }
  auto total = hn::Zero(tag);
  unrolled<kChains>([&](auto i) HWY_ATTR { total = hn::Add(total, sum[i]); });
  return hn::GetLane(hn::SumOfLanes(tag, total));
}

/// Both halves at once: two streams keep a few percent more of the memory's lines under way than one.
float read_floats(const float* data, std::size_t count) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag), half = count / 2;
  Floats sum[4];
  unrolled<4>([&](auto i) HWY_ATTR { sum[i] = hn::Zero(tag); });
  for (std::size_t at = 0; at + 4 * lanes <= half; at += 4 * lanes) {
    unrolled<4>([&](auto i) HWY_ATTR { sum[i] = hn::Add(sum[i], hn::LoadU(tag, data + at + i * lanes)); });
    unrolled<4>([&](auto i)
                    HWY_ATTR { sum[i] = hn::Add(sum[i], hn::LoadU(tag, data + half + at + i * lanes)); });
  }
  return hn::GetLane(hn::SumOfLanes(tag, hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]))));
}

std::size_t lane_count() { return hn::Lanes(FloatTag()); }

}  // namespace learndock::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::bench {

HWY_EXPORT(fma_rounds);
HWY_EXPORT(exp_rounds);
HWY_EXPORT(int8_rounds);
HWY_EXPORT(read_floats);
HWY_EXPORT(lane_count);

float fma_loop(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(fma_rounds)(rounds); }
float exp_loop(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(exp_rounds)(rounds); }
int int8_loop(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(int8_rounds)(rounds); }
float read_loop(const float* data, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(read_floats)(data, count);
}

LoopWork loop_work() {
  const auto lanes = static_cast<double>(HWY_DYNAMIC_DISPATCH(lane_count)());
  return {12 * lanes, 8 * lanes, 12 * lanes * 4};
}

}  // namespace learndock::bench
#endif
