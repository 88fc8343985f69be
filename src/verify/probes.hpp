#pragma once

#include "learndock/specification/statistical.hpp"

#include "runtime/array.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace learndock::verify {

/// What the samples are made for.
struct SampleShape {
  std::vector<std::uint64_t> one;  ///< extents of one sample
  bool pixels = false;             ///< whole numbers from 0 to 255, as images have
};

/// Samples that know nothing of the package: a row of zeros, then standard-normal rows, or random pixels. The
/// same for the same seed. @pre rows > 0
[[nodiscard]] runtime::Array made_probes(const SampleShape& shape, std::size_t rows, std::uint64_t seed);

/// Samples from within the package's own distribution: points of its reduced set, chosen by weight, each
/// moved by a tenth of the column's spread, and kept between the column's least and largest value. Points of
/// negative weight are not chosen. The same for the same seed. @pre rows > 0
[[nodiscard]] runtime::Array herded_samples(const specification::RkmeSpecification& specification,
                                            const SampleShape& shape, std::size_t rows, std::uint64_t seed);

}  // namespace learndock::verify
