// What the program loads at run time (src/compute/plugin/cuda_plugin.hpp): two C functions.
#include "backend.hpp"
#include "compute/plugin/cuda_plugin.hpp"

#include <algorithm>
#include <cstring>

namespace {

using learndock::compute::Backend;

learndock::Result<std::unique_ptr<const Backend>> open_backend() {
  LEARNDOCK_TRY(const learndock::cuda::Options options, learndock::cuda::options_from_environment());
  return learndock::cuda::make_cuda_backend(options);
}

void write_reason(const std::string& message, char* reason, std::size_t reason_size) {
  if (reason == nullptr || reason_size == 0) return;
  const std::size_t length = std::min(message.size(), reason_size - 1);
  std::memcpy(reason, message.data(), length);
  reason[length] = '\0';
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) unsigned learndock_cuda_interface() {
  return learndock::compute::kCudaInterface;
}

__attribute__((visibility("default"))) const Backend* learndock_cuda_open(char* reason,
                                                                          std::size_t reason_size) {
  // No exception may cross into the program, which was compiled on its own.
  try {
    auto backend = open_backend();
    if (backend) return backend->release();
    write_reason(backend.error().message, reason, reason_size);
  } catch (const std::exception& error) {
    write_reason(error.what(), reason, reason_size);
  }
  return nullptr;
}
}
