// What the SIMD kernels share. Included once per instruction set, as Highway's own -inl headers are; the
// guard flips with each pass. Only kernel files include it.
#if defined(LEARNDOCK_COMPUTE_SIMD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LEARNDOCK_COMPUTE_SIMD_INL
#undef LEARNDOCK_COMPUTE_SIMD_INL
#else
#define LEARNDOCK_COMPUTE_SIMD_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 16 lanes at most, so that two registers never exceed a block of 32 rows.
using FloatTag = hn::CappedTag<float, 16>;
using Floats = hn::Vec<FloatTag>;
using IntTag = hn::RebindToSigned<FloatTag>;
using Ints = hn::Vec<IntTag>;

/// body(0), ..., body(R - 1), written out: accumulators must be registers, not an array in memory.
template <std::size_t R, class Body>
HWY_INLINE void unrolled(const Body& body) {
  if constexpr (R > 0) {
    unrolled<R - 1>(body);
    body(std::integral_constant<std::size_t, R - 1>());
  }
}

/// Runs `run` with the size of a panel's group (panel_group) as a constant.
template <class Run>
HWY_INLINE void for_group_size(std::size_t size, const Run& run) {
  switch (size) {
    case 12:
      return run(std::integral_constant<std::size_t, 12>());
    case 8:
      return run(std::integral_constant<std::size_t, 8>());
    case 4:
      return run(std::integral_constant<std::size_t, 4>());
    case 2:
      return run(std::integral_constant<std::size_t, 2>());
    default:
      return run(std::integral_constant<std::size_t, 1>());
  }
}

/// 2^x for x <= 0. Splits x into a whole number n and f in [-1/2, 1/2] by adding 1.5 * 2^23, whose last
/// mantissa bit is worth one; 2^f is the degree-5 polynomial of least relative error (7.5e-8); n is added to
/// the exponent bits. Below -125 the result is 2^-125, which sums of kernel values cannot see.
HWY_INLINE Floats exp2_not_positive(FloatTag tag, Floats x) {
  const auto magic = hn::Set(tag, 12582912.0F);
  x = hn::Max(x, hn::Set(tag, -125.0F));
  const auto shifted = hn::Add(x, magic);
  const auto f = hn::Sub(x, hn::Sub(shifted, magic));
  auto p = hn::Set(tag, 0.001327647199253406F);
  p = hn::MulAdd(p, f, hn::Set(tag, 0.009675541334453752F));
  p = hn::MulAdd(p, f, hn::Set(tag, 0.055507132734978495F));
  p = hn::MulAdd(p, f, hn::Set(tag, 0.24022119723839974F));
  p = hn::MulAdd(p, f, hn::Set(tag, 0.6931469670647609F));
  p = hn::MulAdd(p, f, hn::Set(tag, 1.0000000716546849F));
  const IntTag bits;
  return hn::BitCast(tag, hn::Add(hn::BitCast(bits, p), hn::ShiftLeft<23>(hn::BitCast(bits, shifted))));
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target guard
