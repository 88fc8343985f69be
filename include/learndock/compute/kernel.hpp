#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace learndock::compute {

inline constexpr std::uint32_t kMaxScales = 4;

/// k(x, y) = (1 / scales) * sum_{s < scales} exp(-gamma * 4^s * |x - y|^2): one exponential, then squarings.
/// With scales = 1 it is the Gaussian exp(-gamma |x - y|^2). Gradients need its slope instead of its value:
///   h(x, y) = (1 / scales) * sum_{s < scales} 4^s exp(-gamma * 4^s * |x - y|^2)
///   dk/dx = -2 gamma h(x, y) (x - y)
///
/// A kernel of another form (the NNGP kernel of image specifications) begins here, with a member that says
/// which form it is. Its arithmetic is a Backend (backend.hpp) in one file of src/compute, to which
/// `open_backend` (registry.cpp) gives the work of that form; the sums that certificates rest on
/// (direct_sums.hpp) need it as well. Rooms above compute pass kernels on as a whole. Which kernel a kind of
/// specification compares by is in src/specification/kinds.
struct Kernel {
  double gamma = 0;          ///< of the widest scale
  std::uint32_t scales = 1;  ///< 1..kMaxScales

  /// The gamma of scale s; exact, as 4^s is a power of two.
  [[nodiscard]] double gamma_of(std::uint32_t s) const { return gamma * static_cast<double>(1U << (2 * s)); }
  [[nodiscard]] double narrowest_gamma() const { return gamma_of(scales - 1); }
  /// Whether it is one: 1 to kMaxScales scales, and gammas that are positive and finite.
  [[nodiscard]] bool valid() const;
  /// "gamma 0.1" or "gamma 0.1, 3 scales", for people.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const Kernel&) const = default;
};

}  // namespace learndock::compute
