#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace learndock::bench {

/// Orthogonal random Fourier features of a Gaussian kernel: <f(x), f(y)> estimates k(x, y) without bias, so
/// Euclidean distances of embedded sets estimate MMD; nothing is proved about the error.
/// @source Yu, Suresh, Choromanski, Holtmann-Rice, Kumar, "Orthogonal Random Features" (2016)
class FourierFeatures {
 public:
  /// @param features  even: half of them cosines, half sines
  FourierFeatures(std::size_t dimension, std::size_t features, double gamma, std::uint64_t seed);
  [[nodiscard]] std::size_t features() const { return 2 * frequencies_.rows(); }
  void embed(const compute::ReducedSetView& set, std::span<float> out) const;

 private:
  Matrix<double> frequencies_;  ///< features / 2 x d
};

}  // namespace learndock::bench
