#pragma once

#include "engine/space/feature_space.hpp"

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace learndock::engine {

/// Embeddings as vectors x = (coordinates, residual) of floats, with bounds of their rounding. Vector indexes
/// are made from them. Memory grows by blocks of rows, not by copies.
class EmbeddedRows {
 public:
  explicit EmbeddedRows(std::size_t coordinates) : width_(coordinates + 1) {}
  void add(const Embedding& embedding);
  /// Adds a row that was rounded before.
  void add(std::span<const float> row, float error, double excess);

  [[nodiscard]] std::size_t size() const { return errors_.size(); }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return {pieces_[i / kPiece].data() + i % kPiece * width_, width_};
  }
  /// At least the distance of row i from the vector that it was rounded from.
  [[nodiscard]] double error(std::size_t i) const { return static_cast<double>(errors_[i]); }
  [[nodiscard]] const std::vector<float>& errors() const { return errors_; }
  [[nodiscard]] const std::vector<double>& excesses() const { return excess_; }
  /// At most squared_norm - |x|^2. The certified bound of two embeddings is the sum of their squared norms -
  /// 2 <x, y>; |x - y|^2 is less by both embeddings' excess.
  [[nodiscard]] double excess(std::size_t i) const { return excess_[i]; }

 private:
  static constexpr std::size_t kPiece = 8192;

  std::size_t width_;
  std::deque<std::vector<float>> pieces_;
  std::vector<float> errors_;
  std::vector<double> excess_;
};

/// A query as a vector (coordinates, residual) of floats.
struct EmbeddedQuery {
  explicit EmbeddedQuery(const Embedding& query);

  std::vector<float> row;
  double error = 0;         ///< at least its distance from the unrounded vector
  double length = 0;        ///< at least its length and that of the unrounded vector
  double excess = 0;        ///< at most squared_norm - |y|^2
  double squared_norm = 0;  ///< of the embedding
};

}  // namespace learndock::engine
