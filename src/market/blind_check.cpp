#include "market/blind_check.hpp"

#include "learndock/spec/mmd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace learndock::market {
namespace {

constexpr std::size_t kPoints = 256;
constexpr const char* kWhatToDo =
    "distances mostly reflect weight concentration. Scale the features and make the specification again, or "
    "choose a gamma for the dock: learndock reindex --gamma auto";

spec::RkmeSpecification thinned(const spec::RkmeSpecification& specification) {
  const std::size_t count = specification.points.rows();
  spec::RkmeSpecification sample;
  sample.type = specification.type;
  sample.gamma = specification.gamma;
  sample.scales = specification.scales;
  sample.trailing_shape = specification.trailing_shape;
  sample.points = Matrix<double>(kPoints, specification.dimension());
  for (std::size_t i = 0; i < kPoints; ++i) {
    const auto from = specification.points.row(i * count / kPoints);
    std::copy(from.begin(), from.end(), sample.points.row(i).begin());
    sample.weights.push_back(specification.weights[i * count / kPoints]);
  }
  return sample;
}

}  // namespace

Result<std::optional<double>> blind_value(const spec::RkmeSpecification& specification,
                                          const compute::Backend& backend) {
  if (!specification.gaussian()) return std::nullopt;
  LEARNDOCK_TRY(const double mean, specification.points.rows() > kPoints
                                       ? spec::mean_off_diagonal_kernel(thinned(specification), backend)
                                       : spec::mean_off_diagonal_kernel(specification, backend));
  return mean < spec::kKernelBlindThreshold ? std::optional(mean) : std::nullopt;
}

std::string blind_warning(double value, double gamma) {
  return fmt::format(
      "kernel blind: its mean off-diagonal kernel value is {:.2g}, under {}, with gamma {}; {}", value,
      spec::kKernelBlindThreshold, gamma, kWhatToDo);
}

std::string blind_warning(double value, double gamma, std::size_t blind, std::size_t imported) {
  return fmt::format(
      "kernel blind: {} of {} imported learnwares; the first, in this line, has a mean off-diagonal kernel "
      "value of {:.2g}, under {}, with gamma {}; {}",
      blind, imported, value, spec::kKernelBlindThreshold, gamma, kWhatToDo);
}

}  // namespace learndock::market
