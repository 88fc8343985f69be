#pragma once

#include "learndock/compute/backend.hpp"

#include <memory>

namespace learndock::compute {

/// Loads liblearndock_cuda.so at run time; nothing else in the program knows of CUDA. It is looked for beside
/// the program, in ../lib from there, and where the loader looks; LEARNDOCK_CUDA_PLUGIN names another file.
/// @errors backend_unavailable, naming exactly what is missing (plug-in, driver, device)
[[nodiscard]] Result<std::shared_ptr<const Backend>> open_cuda_plugin();

/// Number of the interface between program and plug-in: raise it when Backend or a type it names changes.
inline constexpr unsigned kCudaInterface = 5;

/// What the plug-in exports under the name "learndock_cuda_interface": its kCudaInterface.
using CudaInterfaceFunction = unsigned (*)();

/// What the plug-in exports under the name "learndock_cuda_open". Returns an owning pointer, or null after
/// writing the reason (zero-terminated) into `reason`.
using CudaOpenFunction = const Backend* (*)(char* reason, std::size_t reason_size);

}  // namespace learndock::compute
