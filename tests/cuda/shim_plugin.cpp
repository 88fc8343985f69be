// In this program open_backend("cuda") opens the shim: the function that looks for the plug-in is replaced.
#include "compute/cuda_plugin.hpp"
#include "cuda/shim_backend.hpp"

namespace learndock::compute {

Result<std::shared_ptr<const Backend>> open_cuda_plugin() {
  LEARNDOCK_TRY(cuda::Options options, cuda::options_from_environment());
  const cuda::Products products = options.products;
  options = testing::shim_options();
  options.products = products;
  return cuda::make_cuda_backend(options);
}

}  // namespace learndock::compute
