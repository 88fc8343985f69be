#include "compute/scan_queries.hpp"

#include "compute/cpu/packed_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace learndock::compute {
namespace {

constexpr double kUnit = 0x1p-24;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

float rounded_up(double value) { return std::nextafter(static_cast<float>(value), kInfinity); }

/// Whole numbers p and a step with a ~ step * p; 127 or 127 * 128 + 63 are the largest that fit one or two
/// bytes.
struct Rounded {
  std::vector<std::int32_t> p;
  double step = 0;
};

Rounded rounded_query(std::span<const double> a, unsigned bytes) {
  double largest = 0;
  for (const double value : a) largest = std::max(largest, std::abs(value));
  Rounded rounded;
  rounded.step = static_cast<double>(static_cast<float>(largest / (bytes == 1 ? 127.0 : 16'256.0)));
  for (const double value : a)
    rounded.p.push_back(rounded.step > 0 ? static_cast<std::int32_t>(std::lround(value / rounded.step)) : 0);
  for (std::int32_t& p : rounded.p) p = std::clamp(p, bytes == 1 ? -127 : -16'256, bytes == 1 ? 127 : 16'256);
  return rounded;
}

/// Byte `lane` of p: the number itself, or 0: high and 1: low of p = 128 high + low with low in [-64, 63].
std::int32_t byte_of(std::int32_t p, unsigned bytes, unsigned lane) {
  if (bytes == 1) return p;
  const std::int32_t high = (p + 64) >> 7;
  return lane == 0 ? high : p - 128 * high;
}

/// Where the words of a lane are: lanes in groups of panel_group sizes, a group's words interleaved.
struct Place {
  std::size_t start, stride;
};

std::vector<Place> places(std::size_t lanes, std::size_t groups) {
  std::vector<Place> places;
  for (std::size_t first = 0; first < lanes;) {
    const std::size_t size = panel_group(first, lanes);
    for (std::size_t i = 0; i < size; ++i) places.push_back({first * groups + i, size});
    first += size;
  }
  return places;
}

/// The squared norm is enlarged by what the square of the rounded product may be off by, so that the
/// difference under the bound's square root is never too small (docs/proofs.md, B3).
ScanQueries::Terms common_terms(const EmbeddingView& query, double vector_norm, double vector_error,
                                float rounding) {
  ScanQueries::Terms terms;
  terms.rounding = rounding;
  terms.vector_norm = rounded_up(vector_norm * (1 + 2 * static_cast<double>(rounding)));
  terms.vector_error = rounded_up(vector_error);
  terms.residual = rounded_up(query.residual);
  terms.squared_norm = std::nextafter(static_cast<float>(query.squared_norm), 0.0F);
  return terms;
}

void add_integer_query(ScanQueries& queries, std::size_t index, const EmbeddingView& query,
                       const std::vector<Place>& place) {
  const Rounded rounded = rounded_query(query.coordinates, queries.bytes);
  double norm = 0, error = 0, sum = 0;
  for (std::size_t k = 0; k < rounded.p.size(); ++k) {
    const double value = rounded.step * rounded.p[k], difference = query.coordinates[k] - value;
    norm += value * value;
    error += difference * difference;
    sum += rounded.p[k];
    for (unsigned lane = 0; lane < queries.bytes; ++lane) {
      const Place& at = place[index * queries.bytes + lane];
      const auto byte = static_cast<std::uint32_t>(byte_of(rounded.p[k], queries.bytes, lane)) & 255U;
      auto& word = queries.words[at.start + k / 4 * at.stride];
      word = static_cast<std::int32_t>(static_cast<std::uint32_t>(word) | byte << (8 * (k % 4)));
    }
  }
  // Products are whole numbers below 2^32, exact up to their conversion. Taking the codes' middle off them
  // cancels: |sum p| <= sqrt(D) |p|, while |v| is at least the number of levels. The rest is a dozen
  // roundings.
  const double units = 48 + 8 * std::sqrt(static_cast<double>(rounded.p.size()));
  ScanQueries::Terms terms = common_terms(query, norm, std::sqrt(error), static_cast<float>(units * kUnit));
  terms.step = static_cast<float>(rounded.step);
  terms.offset = static_cast<float>(sum * (queries.type == CodeType::int8 ? 255 : 15));
  queries.terms.push_back(terms);
}

void add_float_query(ScanQueries& queries, std::size_t index, const EmbeddingView& query,
                     const std::vector<Place>& place) {
  double norm = 0, error = 0;
  for (std::size_t k = 0; k < query.coordinates.size(); ++k) {
    const auto value = static_cast<float>(query.coordinates[k]);
    const double difference = query.coordinates[k] - static_cast<double>(value);
    norm += static_cast<double>(value) * static_cast<double>(value);
    error += difference * difference;
    queries.values[place[index].start + k * place[index].stride] = value;
  }
  const double units = static_cast<double>(query.coordinates.size()) + 32;
  queries.terms.push_back(common_terms(query, norm, std::sqrt(error), static_cast<float>(units * kUnit)));
}

/// Both the test and the bound it stands for may be off by `rounding`, and the bound has it taken off once
/// more; one more for the test's own terms.
constexpr float kTestRounding = 4;

ScanQueries::Test test_of(const ScanQueries::Terms& terms, bool whole) {
  ScanQueries::Test test;
  test.scale = whole ? 4 * terms.step : 2;
  test.offset = whole ? 2 * terms.step * terms.offset : 0;
  test.code_error = 2 * std::sqrt(terms.vector_norm);
  test.vector_error = 2 * terms.vector_error;
  test.residual = 2 * terms.residual;
  test.base = (1 - kTestRounding * terms.rounding) * terms.squared_norm;
  return test;
}

}  // namespace

ScanQueries prepare_queries(CodeType type, std::size_t padded_dimension,
                            std::span<const EmbeddingView> queries, unsigned bytes) {
  const bool whole = type == CodeType::int8 || type == CodeType::int4;
  ScanQueries prepared;
  prepared.type = type;
  prepared.count = queries.size();
  prepared.bytes = whole ? bytes : 1;
  prepared.groups = whole ? padded_dimension / 4 : padded_dimension;
  const std::size_t words = prepared.lanes() * prepared.groups;
  if (whole)
    prepared.words.assign(words, 0);
  else
    prepared.values.assign(words, 0.0F);
  const std::vector<Place> place = places(prepared.lanes(), prepared.groups);
  for (std::size_t q = 0; q < queries.size(); ++q)
    whole ? add_integer_query(prepared, q, queries[q], place)
          : add_float_query(prepared, q, queries[q], place);
  for (const auto& terms : prepared.terms) {
    prepared.tests.push_back(test_of(terms, whole));
    prepared.kept_share = 1 - kTestRounding * terms.rounding;  // all queries have one dimension
  }
  return prepared;
}

}  // namespace learndock::compute
