#pragma once
// A kernel of several scales from the exponential of the widest one: squarings instead of more exponentials.
#include "../portable.cuh"

namespace learndock::cuda {

template <class Value>
struct OverScales {
  Value kernel;  ///< (1 / scales) sum_s e^(4^s)
  Value slope;   ///< (1 / scales) sum_s 4^s e^(4^s)
};

/// @param value  e, the exponential at the widest scale
template <class Value>
__device__ __forceinline__ OverScales<Value> over_scales(Value value, std::uint32_t scales) {
  if (scales == 1) return {value, value};
  Value kernel = value, slope = value, factor = 1;
  for (std::uint32_t s = 1; s < scales; ++s) {
    const Value square = value * value;
    value = square * square;
    factor *= 4;
    kernel += value;
    slope += factor * value;
  }
  const Value share = Value(1) / static_cast<Value>(scales);
  return {kernel * share, slope * share};
}

}  // namespace learndock::cuda
