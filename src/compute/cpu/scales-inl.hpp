// A kernel of several scales from the exponential of the widest one. Included once per instruction set, as
// Highway's own -inl headers are; the guard flips with each pass. Only kernel files include it.
#if defined(LEARNDOCK_COMPUTE_SCALES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LEARNDOCK_COMPUTE_SCALES_INL
#undef LEARNDOCK_COMPUTE_SCALES_INL
#else
#define LEARNDOCK_COMPUTE_SCALES_INL
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {

template <class Values>
struct OverScales {
  Values kernel;  ///< (1 / scales) sum_s e^(4^s)
  Values slope;   ///< (1 / scales) sum_s 4^s e^(4^s)
};

/// @param value  e, the exponential at the widest scale
template <class Tag, class Values = hwy::HWY_NAMESPACE::Vec<Tag>>
HWY_INLINE OverScales<Values> over_scales(Tag tag, Values value, std::uint32_t scales) {
  namespace hn = hwy::HWY_NAMESPACE;
  using Number = hn::TFromD<Tag>;
  auto kernel = value, slope = value;
  Number factor = 1;
  for (std::uint32_t s = 1; s < scales; ++s) {
    value = hn::Mul(value, value);
    value = hn::Mul(value, value);
    factor *= 4;
    kernel = hn::Add(kernel, value);
    slope = hn::MulAdd(hn::Set(tag, factor), value, slope);
  }
  const auto share = hn::Set(tag, Number{1} / static_cast<Number>(scales));
  return {hn::Mul(kernel, share), hn::Mul(slope, share)};
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target guard
