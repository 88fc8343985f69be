# The two libraries that the compute layers otherwise find by pkg-config, which the machine of scripts/gpu-check may
# lack: by name, in the prefix folder or the system's.
function(learndock_plain_library target header libraries)
  string(MAKE_C_IDENTIFIER ${target} name)
  find_library(${name}_LIBRARY NAMES ${libraries} PATH_SUFFIXES lib/x86_64-linux-gnu lib/x86_64-linux-gnu/openblas-pthread
    lib/aarch64-linux-gnu lib/aarch64-linux-gnu/openblas-pthread REQUIRED)
  find_path(${name}_INCLUDE NAMES ${header} PATH_SUFFIXES include/x86_64-linux-gnu/openblas-pthread
    include/aarch64-linux-gnu/openblas-pthread x86_64-linux-gnu/openblas-pthread aarch64-linux-gnu/openblas-pthread REQUIRED)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(${target} INTERFACE ${${name}_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS})
  target_include_directories(${target} INTERFACE ${${name}_INCLUDE})
endfunction()
learndock_plain_library(PkgConfig::OPENBLAS cblas.h "libopenblas.a;openblas")
learndock_plain_library(PkgConfig::HWY hwy/highway.h "libhwy.a;hwy")
