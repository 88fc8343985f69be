#include "query/blind_check.hpp"

#include "learndock/specification/mmd.hpp"

#include <fmt/format.h>

namespace learndock::query {
namespace {

constexpr const char* kWhatToDo =
    "distances mostly reflect weight concentration. Scale the features and make the specification again, or "
    "choose a gamma for the dock: learndock reindex --gamma auto";

}  // namespace

Result<std::optional<double>> blind_value(const specification::RkmeSpecification& specification,
                                          const compute::Backend& backend) {
  if (!specification.kind->comparable()) return std::nullopt;
  LEARNDOCK_TRY(const double mean, specification::mean_off_diagonal_kernel(specification, backend));
  return mean < specification::kKernelBlindThreshold ? std::optional(mean) : std::nullopt;
}

std::string blind_warning(double value, const compute::Kernel& kernel) {
  return fmt::format("kernel blind: its mean off-diagonal kernel value is {:.2g}, under {}, with {}; {}",
                     value, specification::kKernelBlindThreshold, kernel.text(), kWhatToDo);
}

std::string blind_warning(double value, const compute::Kernel& kernel, std::size_t blind,
                          std::size_t imported) {
  return fmt::format(
      "kernel blind: {} of {} imported learnwares; the first, in this line, has a mean off-diagonal kernel "
      "value of {:.2g}, under {}, with {}; {}",
      blind, imported, value, specification::kKernelBlindThreshold, kernel.text(), kWhatToDo);
}

std::string blind_space_warning(std::string_view learnwares, double mean) {
  return fmt::format(
      "kernel blind: the learnwares of {} have a mean kernel value of {:.2g}, under {}; distances mostly "
      "reflect weight concentration. A gamma that tells them apart: learndock reindex --gamma auto",
      learnwares, mean, specification::kKernelBlindThreshold);
}

}  // namespace learndock::query
