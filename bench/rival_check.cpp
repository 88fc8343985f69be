#include "rival_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace learndock::bench {
namespace {

constexpr std::size_t kNearest = 10;

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double difference = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    sum += difference * difference;
  }
  return sum;
}

double length(std::span<const float> a) {
  double sum = 0;
  for (const float value : a) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

/// How many of the found vectors are among the nearest, where fp32 can tell.
Result<std::size_t> nearest_among(MatrixView<const float> vectors, std::span<const float> query,
                                  std::span<const std::int64_t> found) {
  std::vector<double> distances(vectors.rows());
  double longest = 0;
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    distances[i] = squared_distance(vectors.row(i), query);
    longest = std::max(longest, length(vectors.row(i)));
  }
  std::vector<double> sorted = distances;
  const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(found.size()) - 1;
  std::nth_element(sorted.begin(), last, sorted.end());
  // A library may compute |x|^2 + |y|^2 - 2 <x, y> in fp32.
  const double reach = longest + length(query),
               rounding = 2 * static_cast<double>(query.size() + 8) *
                          static_cast<double>(std::numeric_limits<float>::epsilon()) * reach * reach;
  std::set<std::int64_t> seen;
  std::size_t near = 0;
  for (const std::int64_t item : found) {
    if (item == -1) continue;
    if (item < 0 || static_cast<std::size_t>(item) >= vectors.rows() || !seen.insert(item).second)
      return fail(ErrorCode::internal, fmt::format("it answers with vector {}, or with it twice", item));
    near += distances[static_cast<std::size_t>(item)] <= *last + rounding ? 1U : 0U;
  }
  return near;
}

}  // namespace

Result<void> check_rival(const VectorRival& rival, MatrixView<const float> vectors,
                         MatrixView<const float> queries) {
  Matrix<std::int64_t> found(queries.rows(), std::min(kNearest, vectors.rows()));
  const std::size_t all = found.values().size();
  if (all == 0) return {};
  LEARNDOCK_CHECK(rival.search(queries, 1, found.view()));
  std::size_t near = 0;
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    auto here = nearest_among(vectors, queries.row(q), found.row(q));
    if (!here) return pass_on(std::move(here).error(), rival.name());
    near += *here;
  }
  const std::size_t least = rival.exact() ? all : (all + 1) / 2;
  if (near >= least) return {};
  return fail(
      ErrorCode::internal,
      fmt::format("it finds {} of the {} nearest vectors, at least {} were expected", near, all, least),
      rival.name());
}

}  // namespace learndock::bench
