#pragma once

#include "learndock/compute/backend.hpp"

#include "support/generators.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace learndock::testing {

/// One shape of the fast path: tests compare it on every backend with the oracle, benchmarks time it.
struct PackedCase {
  std::size_t sets, count, query_count, dimension;
  double gamma = 0.1, offset = 0, spread = 1;
  bool signed_weights = false;
  std::uint32_t scales = 1;

  [[nodiscard]] std::string name() const {
    return "sets " + std::to_string(sets) + " m " + std::to_string(count) + " m_q " +
           std::to_string(query_count) + " d " + std::to_string(dimension) + " scales " +
           std::to_string(scales) + " offset " + std::to_string(offset) + " spread " + std::to_string(spread);
  }
};

/// Around the block of 32 rows and the groups of 12, 8, 4, 2, 1; one large odd; huge norms; duplicates
/// (spread 0); signed weights; several scales.
inline const std::vector<PackedCase>& packed_cases() {
  static const std::vector<PackedCase> cases = {
      {0, 1, 1, 1},
      {1, 1, 1, 1},
      {1, 0, 1, 3},
      {3, 5, 0, 3},
      {3, 31, 1, 2},
      {3, 32, 2, 2},
      {3, 33, 3, 2},
      {5, 11, 11, 7},
      {5, 12, 12, 8},
      {5, 13, 13, 9},
      {9, 100, 100, 64, 1.0 / 128},
      {40, 20, 27, 20},
      {2, 1501, 1403, 3, 0.2, 0, 1, true},
      {4, 17, 121, 5, 0.1, 0, 1, true},
      {4, 17, 119, 5},
      {9, 17, 31, 129, 0.01},
      {3, 33, 35, 257, 0.002},
      {6, 20, 20, 8, 0.1, 1e6},
      {6, 20, 20, 8, 1e-9, 0, 1e4},
      {6, 20, 20, 8, 0.1, 0, 1e4},
      {6, 20, 20, 8, 1e6, 0, 1e-3, true},
      {6, 8, 8, 4, 0.1, 0, 0},
      {6, 20, 20, 6, 0.02, 0, 1, false, 3},
      {6, 20, 20, 6, 0.02, 0, 1, true, 4},
      {6, 20, 20, 6, 0.02, 0, 1, false, 2},
      {4, 33, 121, 9, 0.01, 30, 1, true, 4},
      {6, 8, 8, 4, 0.1, 0, 0, false, 3},
      {6, 20, 20, 8, 1e4, 0, 1e-3, true, 4},
  };
  return cases;
}

/// The reduced sets and queries of a case. Sets are ragged: each has one point more than the one before.
struct PackedInput {
  std::vector<WeightedSet> sets, queries;
  std::vector<compute::ReducedSetView> set_views, query_views;
  std::vector<double> centre;

  explicit PackedInput(const PackedCase& c) {
    for (std::size_t i = 0; i < c.sets; ++i)
      sets.push_back(random_set({c.count + (c.count == 0 ? 0 : i), c.dimension, c.gamma, c.offset, c.spread,
                                 c.signed_weights, c.scales},
                                i));
    for (std::size_t q = 0; q < 3; ++q)
      queries.push_back(random_set(
          {c.query_count, c.dimension, c.gamma, c.offset, c.spread, c.signed_weights, c.scales}, 1000 + q));
    for (const WeightedSet& set : sets) set_views.push_back(set.view());
    for (const WeightedSet& query : queries) query_views.push_back(query.view());
    centre = sets.empty() ? std::vector<double>(c.dimension, 0.0) : compute::mean_row(set_views, c.dimension);
  }

  [[nodiscard]] double radius(const WeightedSet& set) const {
    double largest = 0;
    for (std::size_t i = 0; i < set.points.rows(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < centre.size(); ++k)
        sum += (set.points(i, k) - centre[k]) * (set.points(i, k) - centre[k]);
      largest = std::max(largest, sum);
    }
    return std::sqrt(largest);
  }
};

[[nodiscard]] inline double weight_of(const WeightedSet& set) {
  double sum = 0;
  for (const double w : set.weights) sum += std::abs(w);
  return sum;
}

/// Of fp64 products of rows around `offset`. Each term |b c k| carries the error of the exponent (a few
/// rounding errors of gamma times centred norms) and of exp. Each further scale squares the exponential
/// twice, which makes 4 times the error of both.
[[nodiscard]] inline double product_error(const WeightedSet& a, const WeightedSet& b, double offset) {
  double weight_a = 0, weight_b = 0, norm = 0;
  for (const double w : a.weights) weight_a += std::abs(w);
  for (const double w : b.weights) weight_b += std::abs(w);
  for (const auto* set : {&a, &b})
    for (std::size_t i = 0; i < set->points.rows(); ++i) {
      double sum = 0;
      for (const double x : set->points.row(i)) sum += (x - offset) * (x - offset);
      norm = std::max(norm, sum);
    }
  // Centring itself rounds each coordinate by eps |offset|, which moves a squared distance by that times the
  // distance.
  const double coordinate = std::abs(offset) * std::sqrt(norm * static_cast<double>(a.points.cols()));
  return weight_a * weight_b * 1e-15 * std::pow(4.0, a.scales - 1.0) *
         (16 + 8 * a.gamma * (4 * norm * std::sqrt(static_cast<double>(a.points.cols())) + coordinate));
}

/// An embedding with its own memory.
struct Embedding {
  std::vector<double> coordinates;
  double residual;

  [[nodiscard]] compute::EmbeddingView view() const {
    double norm = residual * residual;
    for (const double value : coordinates) norm += value * value;
    return {coordinates, residual, norm};
  }
};

/// One shape of the scans.
struct ScanCase {
  compute::CodeType type;
  std::size_t items, dimension, queries;
  double spread;
  unsigned query_bytes;
};

inline std::vector<ScanCase> scan_cases() {
  std::vector<ScanCase> cases;
  for (const compute::CodeType type :
       {compute::CodeType::fp32, compute::CodeType::fp16, compute::CodeType::int8, compute::CodeType::int4})
    for (const unsigned bytes : {1u, 2u}) {
      for (const std::size_t items : {0u, 1u, 31u, 32u, 33u, 1001u})
        cases.push_back({type, items, 24, 3, 0.3, bytes});
      for (const std::size_t dimension : {1u, 7u, 8u, 9u, 129u, 256u})
        cases.push_back({type, 65, dimension, 2, 0.2, bytes});
      for (const std::size_t queries : {1u, 4u, 11u, 12u, 13u, 25u})
        cases.push_back({type, 70, 16, queries, 0.3, bytes});
      cases.push_back({type, 40, 8, 2, 0, bytes});    // all zero: every embedding equal
      cases.push_back({type, 40, 8, 2, 100, bytes});  // far larger than a learnware's
    }
  cases.push_back({compute::CodeType::int8, 70'000, 8, 2, 0.3, 2});  // more than one task
  return cases;
}

inline std::vector<Embedding> embeddings(std::size_t count, const ScanCase& c, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<Embedding> made;
  for (std::size_t i = 0; i < count; ++i) {
    Embedding one{std::vector<double>(c.dimension), std::abs(normal(random)) * c.spread / 5};
    for (std::size_t k = 0; k < c.dimension; ++k)
      one.coordinates[k] = normal(random) * c.spread / std::sqrt(1.0 + static_cast<double>(k));
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace learndock::testing
