#include "compute/plugin/cuda_plugin.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <system_error>
#include <vector>

namespace learndock::compute {
namespace {

constexpr const char* kPlugin = "liblearndock_cuda.so";

Failure unavailable(std::string message, std::string fix) {
  return fail(ErrorCode::backend_unavailable, std::move(message), {}, std::move(fix));
}

/// Files to try, in order; the last is a bare name, for which the loader looks itself.
std::vector<std::string> places() {
  if (const char* named = std::getenv("LEARNDOCK_CUDA_PLUGIN"); named != nullptr && *named != '\0')
    return {named};
  std::vector<std::string> files;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error)
    for (const char* folder : {".", "../lib"}) {
      const std::filesystem::path file = program.parent_path() / folder / kPlugin;
      if (std::filesystem::exists(file, error)) files.push_back(file.string());
    }
  files.emplace_back(kPlugin);
  return files;
}

Result<void*> load() {
  const char* const fix = "use --backend cpu (same answers), or install the CUDA plug-in beside the program";
  std::string reasons;
  for (const std::string& file : places()) {
    // Kept open for the life of the process: backends made by it may outlive any scope here.
    if (void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", ::dlerror());
  }
  return unavailable(fmt::format("the CUDA plug-in cannot be loaded: {}", reasons), fix);
}

}  // namespace

Result<std::shared_ptr<const Backend>> open_cuda_plugin() {
  LEARNDOCK_TRY(void* const library, load());
  const auto interface =
      reinterpret_cast<CudaInterfaceFunction>(::dlsym(library, "learndock_cuda_interface"));
  const auto open = reinterpret_cast<CudaOpenFunction>(::dlsym(library, "learndock_cuda_open"));
  if (open == nullptr || interface == nullptr || interface() != kCudaInterface)
    return unavailable(fmt::format("{} is of another version of this program", kPlugin),
                       "install the plug-in that was built with the program, or use --backend cpu");
  std::array<char, 1024> reason{};
  const Backend* backend = open(reason.data(), reason.size());
  if (backend == nullptr)
    return unavailable(fmt::format("no CUDA device can be used: {}", reason.data()),
                       "use --backend cpu (same answers), or mend what is missing");
  return std::shared_ptr<const Backend>(backend);
}

}  // namespace learndock::compute
