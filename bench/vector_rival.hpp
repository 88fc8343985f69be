#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace learndock::bench {

/// A general index over float vectors under Euclidean distance, as other programs would take from a package.
class VectorRival {
 public:
  virtual ~VectorRival() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Whether it finds the nearest, but for rounding.
  [[nodiscard]] virtual bool exact() const { return false; }
  [[nodiscard]] virtual Result<void> build(MatrixView<const float> vectors, unsigned threads) = 0;
  /// Row q of `found`: the found.cols() nearest to row q of `queries`, those unknown -1.
  [[nodiscard]] virtual Result<void> search(MatrixView<const float> queries, unsigned threads,
                                            MatrixView<std::int64_t> found) const = 0;
  [[nodiscard]] virtual double bytes() const = 0;
  /// What is to be tried of the knob between speed and recall; `set_knob` takes one of them.
  [[nodiscard]] virtual std::vector<std::size_t> knobs() const { return {0}; }
  virtual void set_knob(std::size_t) {}
  /// Candidates to ask for at a knob; 0: what the caller likes.
  [[nodiscard]] virtual std::size_t candidates(std::size_t) const { return 0; }
};

}  // namespace learndock::bench
