#include "compute/checks.hpp"

#include <fmt/format.h>

namespace learndock::compute {
namespace {

Failure mismatch(std::string_view what, std::size_t have, std::size_t want) {
  return fail(ErrorCode::invalid_argument, fmt::format("{} is {}, expected {}", what, have, want));
}

}  // namespace

Result<void> check_inner_products(const ReducedSetView& query, std::span<const ReducedSetView> sets,
                                  std::span<const double> out) {
  if (out.size() != sets.size()) return mismatch("length of out", out.size(), sets.size());
  for (const ReducedSetView& set : sets)
    if (set.dimension != query.dimension)
      return mismatch("dimension of a set", set.dimension, query.dimension);
  return {};
}

Result<void> check_self_inner_products(std::span<const ReducedSetView> sets, std::span<const double> out) {
  if (out.size() != sets.size()) return mismatch("length of out", out.size(), sets.size());
  return {};
}

Result<void> check_gram(MatrixView<const double> points, MatrixView<const double> out) {
  if (out.rows() != points.rows()) return mismatch("rows of out", out.rows(), points.rows());
  if (out.cols() != points.rows()) return mismatch("columns of out", out.cols(), points.rows());
  return {};
}

Result<void> check_data_sums(MatrixView<const double> points, MatrixView<const float> data,
                             const DataSums& out) {
  if (points.cols() != data.cols()) return mismatch("columns of data", data.cols(), points.cols());
  if (out.kernel.size() != points.rows())
    return mismatch("length of kernel sums", out.kernel.size(), points.rows());
  if (out.kernel_point.data() != nullptr &&
      (out.kernel_point.rows() != points.rows() || out.kernel_point.cols() != points.cols()))
    return mismatch("size of kernel-point sums", out.kernel_point.size(), points.size());
  return {};
}

Result<void> check_nearest_centres(MatrixView<const float> data, MatrixView<const float> centres,
                                   std::span<const std::uint32_t> labels) {
  if (centres.rows() == 0) return mismatch("number of centres", 0, 1);
  if (centres.cols() != data.cols()) return mismatch("columns of data", data.cols(), centres.cols());
  if (labels.size() != data.rows()) return mismatch("length of labels", labels.size(), data.rows());
  return {};
}

}  // namespace learndock::compute
