// Products of integer or float codes with queries and the lower bounds made of them, compiled once per
// instruction set. Neighbouring items lie in neighbouring lanes, so no sum crosses lanes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/scan_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/simd-inl.hpp"
// clang-format on

#include "compute/packed_kernels.hpp"
#include "compute/scan_kernels.hpp"

#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {
using HalfTag = hn::Rebind<hwy::float16_t, FloatTag>;

/// sum + the four products of unsigned bytes `codes` and signed bytes `query` of each 32-bit lane. Exact:
/// four products of 255 * 127 stay far from 2^31.
HWY_INLINE Ints add_products(IntTag tag, Ints sum, Ints codes, Ints query) {
#if HWY_TARGET == HWY_AVX3_DL
  static_cast<void>(tag);
  // By name: this Highway's attributes for AVX3_DL leave the intrinsic's feature out, its detection does not.
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(codes.raw), "v"(query.raw));
  return sum;
#elif HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  // Even and odd bytes as 16-bit numbers; adjacent products are added exactly.
  const hn::Repartition<std::int16_t, IntTag> wide;
  const auto codes16 = hn::BitCast(wide, codes), query16 = hn::BitCast(wide, query);
  const auto even = hn::And(codes16, hn::Set(wide, std::int16_t{255}));
  const auto odd =
      hn::BitCast(wide, hn::ShiftRight<8>(hn::BitCast(hn::RebindToUnsigned<decltype(wide)>(), codes16)));
  auto unused = hn::Zero(tag);
  sum = hn::ReorderWidenMulAccumulate(tag, even, hn::ShiftRight<8>(hn::ShiftLeft<8>(query16)), sum, unused);
  return hn::ReorderWidenMulAccumulate(tag, odd, hn::ShiftRight<8>(query16), sum, unused);
#else
  const auto byte = hn::Set(tag, 255);
  sum = hn::Add(sum, hn::Mul(hn::And(codes, byte), hn::ShiftRight<24>(hn::ShiftLeft<24>(query))));
  sum = hn::Add(
      sum, hn::Mul(hn::And(hn::ShiftRight<8>(codes), byte), hn::ShiftRight<24>(hn::ShiftLeft<16>(query))));
  sum = hn::Add(
      sum, hn::Mul(hn::And(hn::ShiftRight<16>(codes), byte), hn::ShiftRight<24>(hn::ShiftLeft<8>(query))));
  return hn::Add(sum, hn::Mul(hn::And(hn::ShiftRight<24>(codes), byte), hn::ShiftRight<24>(query)));
#endif
}

/// Products of R query lanes with 2 registers of items. Integer codes: groups of 4 coordinates.
struct Panel {
  const std::byte* codes;  // of the first item; groups are kBlockItems lanes apart
  const std::int32_t* words;
  const float* values;
  std::size_t groups;
  std::size_t stride;  // between a lane's words
};

template <std::size_t R, class Store>
HWY_INLINE void int8_products(IntTag tag, const Panel& panel, const Store& store) {
  const std::size_t lanes = hn::Lanes(tag);
  Ints sum0[R], sum1[R];
  unrolled<R>([&](auto r) HWY_ATTR { sum0[r] = sum1[r] = hn::Zero(tag); });
  const auto* codes = reinterpret_cast<const std::int32_t*>(panel.codes);
  const std::int32_t* words = panel.words;
  for (std::size_t g = 0; g < panel.groups; ++g, codes += kBlockItems, words += panel.stride) {
    const auto codes0 = hn::LoadU(tag, codes), codes1 = hn::LoadU(tag, codes + lanes);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto query = hn::Set(tag, words[r]);
      sum0[r] = add_products(tag, sum0[r], codes0, query);
      sum1[r] = add_products(tag, sum1[r], codes1, query);
    });
  }
  const FloatTag floats;
  unrolled<R>([&](auto r)
                  HWY_ATTR { store(r, hn::ConvertTo(floats, sum0[r]), hn::ConvertTo(floats, sum1[r])); });
}

template <std::size_t R, class Store>
HWY_INLINE void int4_products(IntTag tag, const Panel& panel, const Store& store) {
  const std::size_t lanes = hn::Lanes(tag);
  Ints sum0[R], sum1[R];
  unrolled<R>([&](auto r) HWY_ATTR { sum0[r] = sum1[r] = hn::Zero(tag); });
  const auto* codes = reinterpret_cast<const std::int32_t*>(panel.codes);
  const std::int32_t* words = panel.words;
  const auto low_halves = hn::Set(tag, 0x0F0F0F0F);
  for (std::size_t g = 0; g < panel.groups; g += 2, codes += kBlockItems, words += 2 * panel.stride) {
    const auto pairs0 = hn::LoadU(tag, codes), pairs1 = hn::LoadU(tag, codes + lanes);
    const auto low0 = hn::And(pairs0, low_halves), low1 = hn::And(pairs1, low_halves);
    const auto high0 = hn::And(hn::ShiftRight<4>(pairs0), low_halves);
    const auto high1 = hn::And(hn::ShiftRight<4>(pairs1), low_halves);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto low = hn::Set(tag, words[r]), high = hn::Set(tag, words[panel.stride + r]);
      sum0[r] = add_products(tag, add_products(tag, sum0[r], low0, low), high0, high);
      sum1[r] = add_products(tag, add_products(tag, sum1[r], low1, low), high1, high);
    });
  }
  const FloatTag floats;
  unrolled<R>([&](auto r)
                  HWY_ATTR { store(r, hn::ConvertTo(floats, sum0[r]), hn::ConvertTo(floats, sum1[r])); });
}

template <std::size_t R, class Load, class Store>
HWY_INLINE void float_products(FloatTag tag, const Panel& panel, const Load& load, const Store& store) {
  const std::size_t lanes = hn::Lanes(tag);
  Floats sum0[R], sum1[R];
  unrolled<R>([&](auto r) HWY_ATTR { sum0[r] = sum1[r] = hn::Zero(tag); });
  const float* values = panel.values;
  for (std::size_t k = 0; k < panel.groups; ++k, values += panel.stride) {
    const auto codes0 = load(k * kBlockItems), codes1 = load(k * kBlockItems + lanes);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto query = hn::Set(tag, values[r]);
      sum0[r] = hn::MulAdd(codes0, query, sum0[r]);
      sum1[r] = hn::MulAdd(codes1, query, sum1[r]);
    });
  }
  unrolled<R>([&](auto r) HWY_ATTR { store(r, sum0[r], sum1[r]); });
}

template <std::size_t R, class Store>
HWY_INLINE void products(CodeType type, const Panel& panel, std::size_t item, const Store& store) {
  const FloatTag floats;
  if (type == CodeType::int8) {
    int8_products<R>(IntTag(), panel, store);
  } else if (type == CodeType::int4) {
    int4_products<R>(IntTag(), panel, store);
  } else if (type == CodeType::fp32) {
    const auto* codes = reinterpret_cast<const float*>(panel.codes) + item;
    float_products<R>(
        floats, panel, [&](std::size_t at) HWY_ATTR { return hn::LoadU(floats, codes + at); }, store);
  } else {
    const auto* codes = reinterpret_cast<const hwy::float16_t*>(panel.codes) + item;
    float_products<R>(
        floats, panel,
        [&](std::size_t at) HWY_ATTR { return hn::PromoteTo(floats, hn::LoadU(HalfTag(), codes + at)); },
        store);
  }
}

/// Twelve lanes need 27 registers; instruction sets with 16 take fewer at once.
constexpr std::size_t kMostAtOnce = HWY_TARGET <= HWY_AVX3 ? 12 : 4;

/// out[lane * 32 + item]: all products of a block.
HWY_INLINE void all_products(const ScanBlock& block, const ScanQueries& queries, float* out) {
  const FloatTag tag;
  const std::size_t width = hn::Lanes(tag);
  const bool whole = queries.type == CodeType::int8 || queries.type == CodeType::int4;
  for (std::size_t first = 0; first < queries.lanes();) {
    const std::size_t size = panel_group(first, queries.lanes());
    for_group_size(size, [&](auto all) HWY_ATTR {
      constexpr std::size_t kPart = all > kMostAtOnce ? (all % 3 == 0 ? all / 3 : all / 2) : all;
      for (std::size_t part = 0; part < all; part += kPart)
        for (std::size_t item = 0; item < kBlockItems; item += 2 * width) {
          const std::size_t at = first * queries.groups + part;
          const Panel panel{whole ? block.codes + item * 4 : block.codes,
                            whole ? queries.words.data() + at : nullptr,
                            whole ? nullptr : queries.values.data() + at, queries.groups, all};
          float* const target = out + (first + part) * kBlockItems + item;
          products<kPart>(queries.type, panel, item, [&](std::size_t r, Floats p0, Floats p1) HWY_ATTR {
            hn::StoreU(p0, tag, target + r * kBlockItems);
            hn::StoreU(p1, tag, target + r * kBlockItems + width);
          });
        }
    });
    first += size;
  }
}

/// The bound of scan_codes.hpp with the rounded query's error: all of |a_L| may meet it.
HWY_INLINE std::uint32_t query_bounds(const ScanBlock& block, const ScanQueries& queries, std::size_t q,
                                      const float* products, float limit, float* bounds) {
  const FloatTag tag;
  const std::size_t width = hn::Lanes(tag);
  const ScanQueries::Terms& terms = queries.terms[q];
  const bool whole = queries.type == CodeType::int8 || queries.type == CodeType::int4;
  const float* const lane = products + q * queries.bytes * kBlockItems;
  const auto zero = hn::Zero(tag), two = hn::Set(tag, 2.0F);
  const auto squared_norm = hn::Set(tag, terms.squared_norm);
  const auto factor = [&](Factor f, std::size_t item) HWY_ATTR {
    return hn::LoadU(tag, block.factors + static_cast<std::size_t>(f) * kBlockItems + item);
  };
  std::uint32_t within = 0;
  for (std::size_t item = 0; item < kBlockItems; item += width) {
    auto product = hn::LoadU(tag, lane + item);
    if (queries.bytes == 2)
      product = hn::MulAdd(product, hn::Set(tag, 128.0F), hn::LoadU(tag, lane + kBlockItems + item));
    if (whole)
      product = hn::Mul(hn::MulSub(product, two, hn::Set(tag, terms.offset)), hn::Set(tag, terms.step));
    const auto norm = factor(Factor::squared_norm, item);
    const auto across = hn::NegMulAdd(hn::Mul(product, product), factor(Factor::inverse_code_norm, item),
                                      hn::Set(tag, terms.vector_norm));
    auto inner = hn::Mul(factor(Factor::scale, item), product);
    inner = hn::MulAdd(factor(Factor::code_error, item), hn::Sqrt(hn::Max(across, zero)), inner);
    inner = hn::MulAdd(hn::Sqrt(norm), hn::Set(tag, terms.vector_error), inner);
    inner = hn::MulAdd(factor(Factor::residual, item), hn::Set(tag, terms.residual), inner);
    const auto sum = hn::Add(norm, squared_norm);
    const auto bound = hn::NegMulAdd(hn::Set(tag, terms.rounding), sum, hn::NegMulAdd(two, inner, sum));
    hn::StoreU(bound, tag, bounds + item);
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(tag, hn::Le(bound, hn::Set(tag, limit)), bits);
    within |= (bits[0] | static_cast<std::uint32_t>(bits[1]) << 8) << item;
  }
  return within;
}

void lower_bounds_of_block(const ScanBlock& block, const ScanQueries& queries, const float* limits,
                           ScanScratch& scratch) {
  all_products(block, queries, scratch.products.data());
  for (std::size_t q = 0; q < queries.count; ++q)
    scratch.within[q] = query_bounds(block, queries, q, scratch.products.data(), limits[q],
                                     scratch.bounds.data() + q * kBlockItems);
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::compute {

HWY_EXPORT(lower_bounds_of_block);

void block_lower_bounds(const ScanBlock& block, const ScanQueries& queries, const float* limits,
                        ScanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(lower_bounds_of_block)(block, queries, limits, scratch);
}

}  // namespace learndock::compute
#endif
