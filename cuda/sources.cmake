# The sources of the CUDA backend: the plug-in compiles them with nvcc, tests/cuda/shim with the host compiler.
set(LEARNDOCK_CUDA_HOST_SOURCES
  backend.cpp check.cpp context.cpp exact_operations.cpp held.cpp kmeans.cpp memory.cpp packed_operations.cpp
  recorded_graphs.cpp reduction_sums.cpp scan_operations.cpp scan_queries.cpp)
set(LEARNDOCK_CUDA_KERNELS
  cross_terms direct_sums gram_rows map_rows merge_smallest nearest_centres reduction_sums row_sums scan_smallest scan_within
  weighted_pairs)
list(TRANSFORM LEARNDOCK_CUDA_HOST_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
list(TRANSFORM LEARNDOCK_CUDA_KERNELS REPLACE "(.+)" "${CMAKE_CURRENT_LIST_DIR}/kernels/\\1.cu")
