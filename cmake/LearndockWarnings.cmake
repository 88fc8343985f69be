# One interface target with the warning set; never exported to users of the library.
add_library(learndock_warnings INTERFACE)
target_compile_options(learndock_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wdouble-promotion -Wformat=2
  # Who holds which mutex, and the order in which they are taken (src/base/mutex.hpp).
  "$<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Wthread-safety-beta>"
  # g++ 12 reports std::string's operator+ as overlapping copies at -O3 (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${LEARNDOCK_WARNINGS_AS_ERRORS}>:-Werror>)
