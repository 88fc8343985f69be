// In this program open_backend("cuda") opens the shim: the function that looks for the plug-in is replaced.
#include "compute/plugin/cuda_plugin.hpp"
#include "cuda/shim_backend.hpp"

namespace learndock::compute {

Result<std::shared_ptr<const Backend>> open_cuda_plugin() {
  return cuda::make_cuda_backend(testing::shim_options());
}

}  // namespace learndock::compute
