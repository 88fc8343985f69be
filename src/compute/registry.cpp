#include "learndock/compute/registry.hpp"

#include "compute/cpu/cpu_backend.hpp"
#include "compute/cpu/cpu_targets.hpp"
#include "compute/plugin/cuda_plugin.hpp"
#include "compute/reference/cpu_reference.hpp"

#include <fmt/format.h>

namespace learndock::compute {

namespace {

/// The variable is read once, before the first kernel runs.
const Result<void>& instruction_set_limited() {
  static const Result<void> limited = apply_instruction_set_variable();
  return limited;
}

}  // namespace

std::vector<BackendInfo> list_backends() {
  const Result<void>& limited = instruction_set_limited();
  std::vector<BackendInfo> backends = {
      {"cpu_reference", true, "plain fp64 loops, one thread: the oracle"},
      {"cpu", limited.has_value(), limited ? cpu_backend_details(0) : limited.error().message},
  };
  const auto cuda = open_cuda_plugin();
  backends.push_back({"cuda", cuda.has_value(), cuda ? "plug-in loaded" : cuda.error().message});
  return backends;
}

Result<std::shared_ptr<const Backend>> open_backend(std::string_view name, unsigned threads) {
  if (name.empty() || name == "auto" || name == "cpu") {
    LEARNDOCK_CHECK(instruction_set_limited());
    return make_cpu_backend(threads);
  }
  if (name == "cpu_reference") return make_cpu_reference();
  if (name == "cuda") return open_cuda_plugin();
  return fail(ErrorCode::invalid_argument, fmt::format("there is no backend \"{}\"", name), {},
              "choose cpu, cpu_reference or cuda");
}

}  // namespace learndock::compute
