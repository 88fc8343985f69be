# learndock_test(NAME SOURCES ... LIBS ... [THREADS]): one GoogleTest program, each case a ctest entry. THREADS: its cases
# run code with threads, the thread sanitizer looks at them; the others have nothing that it could find.
find_package(GTest REQUIRED)
include(GoogleTest)
function(learndock_test name)
  cmake_parse_arguments(ARG "THREADS" "" "SOURCES;LIBS" ${ARGN})
  if(LEARNDOCK_SANITIZE MATCHES "thread" AND NOT ARG_THREADS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest_main learndock_warnings)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
