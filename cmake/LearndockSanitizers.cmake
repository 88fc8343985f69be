# -DLEARNDOCK_SANITIZE=address,undefined or thread or fuzzer-no-link,...: every target of the build is instrumented.
set(LEARNDOCK_SANITIZE "" CACHE STRING "Comma-separated sanitizers for the whole build")
option(LEARNDOCK_COVERAGE "Instrument for line coverage" OFF)
if(LEARNDOCK_SANITIZE)
  add_compile_options(-fsanitize=${LEARNDOCK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LEARNDOCK_SANITIZE})
  set(CMAKE_UNITY_BUILD ON)
  # g++ cannot follow std::optional through the instrumentation and calls what is set "maybe uninitialized".
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(LEARNDOCK_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
# Some sources of a target are compiled as one: that takes half the time, most of which headers cost. The preset dev
# shows that each source stands alone. Unnamed namespaces of such sources are one, so that a name at their scope is used
# once in a room. A class with a member of such a type looks to g++ as if it were in a header.
if(CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()
