// Products of integer or float codes with queries and the lower bounds made of them, compiled once per
// instruction set. Neighbouring items lie in neighbouring lanes, so no sum crosses lanes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/cpu/scan_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/simd-inl.hpp"
// clang-format on

#include "compute/cpu/packed_kernels.hpp"
#include "compute/cpu/scan_kernels.hpp"

#include <hwy/cache_control.h>

#include <algorithm>
#include <bit>
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

/// Query lanes against 2 registers of items. Integer codes: groups of 4 coordinates.
struct Panel {
  const std::byte* codes;  // of the first item; groups are kBlockItems lanes apart
  const std::int32_t* words;
  const float* values;
  std::size_t groups;
  std::size_t stride;  // between a lane's words
  std::size_t ahead;   // bytes from what is read to what is fetched for later; 0: nothing
};

/// Of R lanes with 2 registers of items.
template <std::size_t R>
struct Products {
  Floats first[R], second[R];
};

/// The hardware's own prefetch stops at each 4 KiB and knows nothing of the next block.
HWY_INLINE void fetch(const Panel& panel, const void* codes) {
  hwy::Prefetch(static_cast<const std::byte*>(codes) + panel.ahead);
}

template <std::size_t R>
HWY_INLINE void int8_products(IntTag tag, const Panel& panel, Products<R>& products) {
  const std::size_t lanes = hn::Lanes(tag);
  Ints sum0[R], sum1[R];
  unrolled<R>([&](auto r) HWY_ATTR { sum0[r] = sum1[r] = hn::Zero(tag); });
  const auto* codes = reinterpret_cast<const std::int32_t*>(panel.codes);
  const std::int32_t* words = panel.words;
  for (std::size_t g = 0; g < panel.groups; ++g, codes += kBlockItems, words += panel.stride) {
    fetch(panel, codes);
    fetch(panel, codes + lanes);
    const auto codes0 = hn::LoadU(tag, codes), codes1 = hn::LoadU(tag, codes + lanes);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto query = hn::Set(tag, words[r]);
      sum0[r] = add_products(tag, sum0[r], codes0, query);
      sum1[r] = add_products(tag, sum1[r], codes1, query);
    });
  }
  const FloatTag floats;
  unrolled<R>([&](auto r) HWY_ATTR {
    products.first[r] = hn::ConvertTo(floats, sum0[r]);
    products.second[r] = hn::ConvertTo(floats, sum1[r]);
  });
}

template <std::size_t R>
HWY_INLINE void int4_products(IntTag tag, const Panel& panel, Products<R>& products) {
  const std::size_t lanes = hn::Lanes(tag);
  // Few lanes make few sums, whose latency would show; then each half byte has its own.
  constexpr std::size_t kHigh = R <= 2 ? R : 0;
  Ints sum0[R + kHigh], sum1[R + kHigh];
  unrolled<R + kHigh>([&](auto r) HWY_ATTR { sum0[r] = sum1[r] = hn::Zero(tag); });
  const auto* codes = reinterpret_cast<const std::int32_t*>(panel.codes);
  const std::int32_t* words = panel.words;
  const auto low_halves = hn::Set(tag, 0x0F0F0F0F);
  for (std::size_t g = 0; g < panel.groups; g += 2, codes += kBlockItems, words += 2 * panel.stride) {
    fetch(panel, codes);
    fetch(panel, codes + lanes);
    const auto pairs0 = hn::LoadU(tag, codes), pairs1 = hn::LoadU(tag, codes + lanes);
    const auto low0 = hn::And(pairs0, low_halves), low1 = hn::And(pairs1, low_halves);
    const auto high0 = hn::And(hn::ShiftRight<4>(pairs0), low_halves);
    const auto high1 = hn::And(hn::ShiftRight<4>(pairs1), low_halves);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto low = hn::Set(tag, words[r]), high = hn::Set(tag, words[panel.stride + r]);
      sum0[r] = add_products(tag, sum0[r], low0, low);
      sum1[r] = add_products(tag, sum1[r], low1, low);
      sum0[r + kHigh] = add_products(tag, sum0[r + kHigh], high0, high);
      sum1[r + kHigh] = add_products(tag, sum1[r + kHigh], high1, high);
    });
  }
  const FloatTag floats;
  unrolled<R>([&](auto r) HWY_ATTR {
    if constexpr (kHigh > 0) {
      sum0[r] = hn::Add(sum0[r], sum0[r + kHigh]);
      sum1[r] = hn::Add(sum1[r], sum1[r + kHigh]);
    }
    products.first[r] = hn::ConvertTo(floats, sum0[r]);
    products.second[r] = hn::ConvertTo(floats, sum1[r]);
  });
}

/// `T`: what a coordinate is stored as.
template <std::size_t R, class T, class Load>
HWY_INLINE void float_products(FloatTag tag, const Panel& panel, const T* codes, const Load& load,
                               Products<R>& products) {
  const std::size_t lanes = hn::Lanes(tag);
  unrolled<R>([&](auto r) HWY_ATTR { products.first[r] = products.second[r] = hn::Zero(tag); });
  const float* values = panel.values;
  for (std::size_t k = 0; k < panel.groups; ++k, codes += kBlockItems, values += panel.stride) {
    fetch(panel, codes);
    if (sizeof(T) == sizeof(float)) fetch(panel, codes + lanes);
    const auto codes0 = load(codes), codes1 = load(codes + lanes);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto query = hn::Set(tag, values[r]);
      products.first[r] = hn::MulAdd(codes0, query, products.first[r]);
      products.second[r] = hn::MulAdd(codes1, query, products.second[r]);
    });
  }
}

template <std::size_t R>
HWY_INLINE void make_products(CodeType type, const Panel& panel, std::size_t item, Products<R>& products) {
  const FloatTag floats;
  if (type == CodeType::int8) {
    int8_products<R>(IntTag(), panel, products);
  } else if (type == CodeType::int4) {
    int4_products<R>(IntTag(), panel, products);
  } else if (type == CodeType::fp32) {
    float_products<R>(
        floats, panel, reinterpret_cast<const float*>(panel.codes) + item,
        [&](const float* at) HWY_ATTR { return hn::LoadU(floats, at); }, products);
  } else {
    float_products<R>(
        floats, panel, reinterpret_cast<const hwy::float16_t*>(panel.codes) + item,
        [&](const hwy::float16_t* at) HWY_ATTR { return hn::PromoteTo(floats, hn::LoadU(HalfTag(), at)); },
        products);
  }
}

/// A block's factors and what all queries make of its squared norms.
struct Items {
  const float* factors;
  const float* roots;  // of ||mu_L||^2
  const float* kept;   // ||mu_L||^2 less the test's share of it for rounding

  [[nodiscard]] HWY_INLINE Floats factor(Factor f, std::size_t item) const {
    return hn::LoadU(FloatTag(), factors + static_cast<std::size_t>(f) * kBlockItems + item);
  }
};

HWY_INLINE Items items_of(const ScanBlock& block, float kept_share, float* norms) {
  const FloatTag tag;
  const Items items{block.factors, norms, norms + kBlockItems};
  for (std::size_t item = 0; item < kBlockItems; item += hn::Lanes(tag)) {
    const auto norm = items.factor(Factor::squared_norm, item);
    hn::StoreU(hn::Sqrt(norm), tag, norms + item);
    hn::StoreU(hn::Mul(norm, hn::Set(tag, kept_share)), tag, norms + kBlockItems + item);
  }
  return items;
}

/// False only where no bound of the register's items can be at most the limit: the bound with all of |u|
/// instead of what the code's direction leaves of it, which needs no root, and with rounding allowed for on
/// both sides. What is no number may be within.
HWY_INLINE bool may_be_within(const Items& items, const ScanQueries::Test& test, std::size_t item,
                              Floats product, Floats least) {
  const FloatTag tag;
  const auto twice = hn::MulSub(product, hn::Set(tag, test.scale), hn::Set(tag, test.offset));
  auto reach = hn::MulSub(items.factor(Factor::scale, item), twice, hn::LoadU(tag, items.kept + item));
  reach = hn::MulAdd(items.factor(Factor::code_error, item), hn::Set(tag, test.code_error), reach);
  reach = hn::MulAdd(hn::LoadU(tag, items.roots + item), hn::Set(tag, test.vector_error), reach);
  reach = hn::MulAdd(items.factor(Factor::residual, item), hn::Set(tag, test.residual), reach);
  return !hn::AllTrue(tag, hn::Lt(reach, least));
}

/// The bound of scan_codes.hpp with the rounded query's error: all of |a_L| may meet it.
HWY_INLINE Floats bound_of(const Items& items, const ScanQueries& queries, std::size_t q, std::size_t item,
                           Floats product) {
  const FloatTag tag;
  const ScanQueries::Terms& terms = queries.terms[q];
  const auto zero = hn::Zero(tag), two = hn::Set(tag, 2.0F);
  if (queries.type == CodeType::int8 || queries.type == CodeType::int4)
    product = hn::Mul(hn::MulSub(product, two, hn::Set(tag, terms.offset)), hn::Set(tag, terms.step));
  const auto across = hn::NegMulAdd(hn::Mul(product, product), items.factor(Factor::inverse_code_norm, item),
                                    hn::Set(tag, terms.vector_norm));
  auto inner = hn::Mul(items.factor(Factor::scale, item), product);
  inner = hn::MulAdd(items.factor(Factor::code_error, item), hn::Sqrt(hn::Max(across, zero)), inner);
  inner = hn::MulAdd(hn::LoadU(tag, items.roots + item), hn::Set(tag, terms.vector_error), inner);
  inner = hn::MulAdd(items.factor(Factor::residual, item), hn::Set(tag, terms.residual), inner);
  const auto sum = hn::Add(items.factor(Factor::squared_norm, item), hn::Set(tag, terms.squared_norm));
  return hn::NegMulAdd(hn::Set(tag, terms.rounding), sum, hn::NegMulAdd(two, inner, sum));
}

/// Bounds of query q against the items from `item` on whose products are stored; says which are within.
HWY_NOINLINE std::uint32_t bounds_within(const Items& items, const ScanQueries& queries, std::size_t q,
                                         std::size_t item, const float* products, float limit,
                                         float* bounds) {
  const FloatTag tag;
  std::uint32_t within = 0;
  for (const std::size_t last = item + 2 * hn::Lanes(tag); item < last; item += hn::Lanes(tag)) {
    const auto bound = bound_of(items, queries, q, item, hn::LoadU(tag, products + item));
    hn::StoreU(bound, tag, bounds + item);
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(tag, hn::Le(bound, hn::Set(tag, limit)), bits);
    within |= (bits[0] | static_cast<std::uint32_t>(bits[1]) << 8) << item;
  }
  return within;
}

/// Stores the products of N queries from `first` on and returns a bit for each that may have an item within.
template <std::size_t N, class Product>
HWY_INLINE std::uint32_t test_queries(const Items& items, const ScanQueries& queries, std::size_t first,
                                      std::size_t item, const float* limits, float* stored,
                                      const Product& product) {
  const FloatTag tag;
  const std::size_t width = hn::Lanes(tag);
  std::uint32_t open = 0;
  unrolled<N>([&](auto n) HWY_ATTR {
    const ScanQueries::Test& test = queries.tests[first + n];
    const auto least = hn::Set(tag, test.base - limits[first + n]);
    const Floats product0 = product(n, 0), product1 = product(n, 1);
    hn::StoreU(product0, tag, stored + n * kBlockItems + item);
    hn::StoreU(product1, tag, stored + n * kBlockItems + item + width);
    // Both without a branch between them.
    const auto first_may = static_cast<std::uint32_t>(may_be_within(items, test, item, product0, least));
    const auto second_may =
        static_cast<std::uint32_t>(may_be_within(items, test, item + width, product1, least));
    open |= (first_may | second_may) << n;
  });
  return open;
}

/// The same from lanes' products: two lanes make a query when it has two bytes a coordinate.
template <std::size_t R>
HWY_INLINE std::uint32_t test_lanes(const Items& items, const ScanQueries& queries, std::size_t lane,
                                    std::size_t item, const float* limits, float* stored,
                                    const Products<R>& lanes) {
  if constexpr (R % 2 == 0)
    if (queries.bytes == 2)
      return test_queries<R / 2>(
          items, queries, lane / 2, item, limits, stored, [&](auto n, std::size_t which) HWY_ATTR {
            const Floats(&half)[R] = which == 0 ? lanes.first : lanes.second;
            return hn::MulAdd(half[2 * n], hn::Set(FloatTag(), 128.0F), half[2 * n + 1]);
          });
  return test_queries<R>(items, queries, lane, item, limits, stored, [&](auto n, std::size_t which) HWY_ATTR {
    return which == 0 ? lanes.first[n] : lanes.second[n];
  });
}

/// Twelve lanes need 27 registers; instruction sets with 16 take fewer at once.
constexpr std::size_t kMostAtOnce = HWY_TARGET <= HWY_AVX3 ? 12 : 4;
/// Bytes fetched ahead of what is read: about what arrives while memory answers.
constexpr std::size_t kFetchAhead = 8192;

/// R lanes from `lane` on, of a group of `stride` whose words begin at `at`.
template <std::size_t R>
HWY_INLINE void bound_lanes(const ScanBlock& block, const Items& items, const ScanQueries& queries,
                            std::size_t lane, std::size_t at, std::size_t stride, const float* limits,
                            ScanScratch& scratch) {
  const bool whole = queries.type == CodeType::int8 || queries.type == CodeType::int4;
  const std::size_t width = hn::Lanes(FloatTag()), first = lane / queries.bytes;
  for (std::size_t item = 0; item < kBlockItems; item += 2 * width) {
    const Panel panel{whole ? block.codes + item * 4 : block.codes,
                      whole ? queries.words.data() + at : nullptr,
                      whole ? nullptr : queries.values.data() + at,
                      queries.groups,
                      stride,
                      lane == 0 ? kFetchAhead : 0};
    Products<R> products;
    make_products<R>(queries.type, panel, item, products);
    std::uint32_t open = test_lanes<R>(items, queries, lane, item, limits, scratch.products.data(), products);
    for (; open != 0; open &= open - 1) {
      const auto n = static_cast<std::size_t>(std::countr_zero(open));
      scratch.within[first + n] |=
          bounds_within(items, queries, first + n, item, scratch.products.data() + n * kBlockItems,
                        limits[first + n], scratch.bounds.data() + (first + n) * kBlockItems);
    }
  }
}

void lower_bounds_of_block(const ScanBlock& block, const ScanQueries& queries, const float* limits,
                           ScanScratch& scratch) {
  for (std::size_t line = 0; line < kFactors * kBlockItems; line += 16)
    hwy::Prefetch(block.factors + kFactors * kBlockItems + line);
  const Items items = items_of(block, queries.kept_share, scratch.norms.data());
  std::fill(scratch.within.begin(), scratch.within.end(), 0);
  for (std::size_t first = 0; first < queries.lanes();) {
    const std::size_t size = panel_group(first, queries.lanes());
    for_group_size(size, [&](auto all) HWY_ATTR {
      constexpr std::size_t kPart = all > kMostAtOnce ? (all % 3 == 0 ? all / 3 : all / 2) : all;
      for (std::size_t part = 0; part < all; part += kPart)
        bound_lanes<kPart>(block, items, queries, first + part, first * queries.groups + part, all, limits,
                           scratch);
    });
    first += size;
  }
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
