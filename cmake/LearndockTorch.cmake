# Decides whether learndock-torch is built, which runs TorchScript models, and says so once: LEARNDOCK_BUILD_TORCH.
# Debian's libtorch-dev is found by itself; another LibTorch through CMAKE_PREFIX_PATH
# (`python3 -c 'import torch; print(torch.utils.cmake_prefix_path)'` prints that of a Python package).
set(LEARNDOCK_BUILD_TORCH OFF)
if(LEARNDOCK_TORCH STREQUAL "AUTO" OR LEARNDOCK_TORCH)
  # Its package file would search for CUDA and stop where that is missing, so look for the file alone first.
  find_file(LEARNDOCK_TORCH_CONFIG TorchConfig.cmake
    PATH_SUFFIXES Torch share/cmake/Torch lib/cmake/Torch lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/Torch
    PATHS ${CMAKE_PREFIX_PATH} /usr /usr/lib/cmake /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake /opt/libtorch /usr/local/libtorch)
  if(LEARNDOCK_TORCH_CONFIG)
    set(LEARNDOCK_BUILD_TORCH ON)
    message(STATUS "LibTorch: learndock-torch is built with ${LEARNDOCK_TORCH_CONFIG}")
  elseif(LEARNDOCK_TORCH STREQUAL "AUTO")
    message(STATUS "LibTorch: not found - TorchScript models are stored and found, but not run here")
  else()
    message(FATAL_ERROR "LEARNDOCK_TORCH is ON, but there is no LibTorch. "
      "Install libtorch-dev, or name the folder of another LibTorch with -DCMAKE_PREFIX_PATH=/path.")
  endif()
else()
  message(STATUS "LibTorch: not used (LEARNDOCK_TORCH is OFF)")
endif()
