#include "compute/cuda_plugin.hpp"

#include <fmt/format.h>

#include <array>
#include <dlfcn.h>

namespace learndock::compute {
namespace {

constexpr const char* kPlugin = "liblearndock_cuda.so";

Failure unavailable(std::string message) {
  return fail(ErrorCode::backend_unavailable, std::move(message), {},
              "use --backend cpu (same answers), or install the CUDA plug-in and an NVIDIA driver");
}

}  // namespace

Result<std::shared_ptr<const Backend>> open_cuda_plugin() {
  // Kept open for the life of the process: backends made by it may outlive any scope here.
  void* library = ::dlopen(kPlugin, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return unavailable(fmt::format("the CUDA plug-in cannot be loaded: {}", ::dlerror()));
  const auto open = reinterpret_cast<CudaOpenFunction>(::dlsym(library, "learndock_cuda_open"));
  if (open == nullptr) return unavailable(fmt::format("{} lacks learndock_cuda_open", kPlugin));
  std::array<char, 512> reason{};
  const Backend* backend = open(reason.data(), reason.size());
  if (backend == nullptr) return unavailable(fmt::format("no CUDA device can be used: {}", reason.data()));
  return std::shared_ptr<const Backend>(backend);
}

}  // namespace learndock::compute
