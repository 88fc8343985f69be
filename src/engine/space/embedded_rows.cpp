#include "engine/space/embedded_rows.hpp"

#include <cmath>
#include <limits>

namespace learndock::engine {
namespace {

/// More than the error of summing `terms` products of doubles and a few operations with the sum.
double sum_error(std::size_t terms) {
  return static_cast<double>(terms + 16) * std::numeric_limits<double>::epsilon();
}

/// One embedding rounded to `row`.
struct Rounded {
  double error = 0, length = 0, excess = 0;

  Rounded(const Embedding& embedding, std::span<float> row) {
    double squares = 0, lost = 0, kept = 0;
    const auto put = [&](std::size_t k, double value) {
      row[k] = static_cast<float>(value);
      const auto stored = static_cast<double>(row[k]);
      squares += value * value;
      lost += (value - stored) * (value - stored);
      kept += stored * stored;
    };
    for (std::size_t k = 0; k < embedding.coordinates.size(); ++k) put(k, embedding.coordinates[k]);
    put(embedding.coordinates.size(), embedding.residual);
    const double slip = sum_error(row.size());
    // Terms that underflow are far below 1e-150.
    error = std::sqrt(lost) * (1 + slip) + 1e-150;
    length = std::sqrt(std::max(squares, kept)) * (1 + slip) + 1e-150;
    excess = embedding.squared_norm - squares - 2 * slip * (squares + embedding.squared_norm);
  }
};

}  // namespace

void EmbeddedRows::add(const Embedding& embedding) {
  std::vector<float> row(width_);
  const Rounded rounded(embedding, row);
  add(row, std::nextafter(static_cast<float>(rounded.error), std::numeric_limits<float>::infinity()),
      rounded.excess);
}

void EmbeddedRows::add(std::span<const float> row, float error, double excess) {
  if (size() % kPiece == 0) pieces_.emplace_back().reserve(kPiece * width_);
  pieces_.back().insert(pieces_.back().end(), row.begin(), row.end());
  errors_.push_back(error);
  excess_.push_back(excess);
}

EmbeddedQuery::EmbeddedQuery(const Embedding& query)
    : row(query.coordinates.size() + 1), squared_norm(query.squared_norm) {
  const Rounded rounded(query, row);
  error = rounded.error;
  length = rounded.length;
  excess = rounded.excess;
}

}  // namespace learndock::engine
