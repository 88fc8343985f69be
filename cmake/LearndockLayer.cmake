# learndock_layer(NAME SOURCES ... [PUBLIC targets...] [PRIVATE targets...] [INTERNAL])
# One static library per room, learndock::NAME, with the shared include folder and the warning set.
# `${CMAKE_SOURCE_DIR}/src` is a private include path: headers between rooms are named "room/file.hpp".
# An INTERNAL room is part of the program and is not installed.
function(learndock_layer name)
  cmake_parse_arguments(ARG "INTERNAL" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(learndock_${name} STATIC ${ARG_SOURCES})
  add_library(learndock::${name} ALIAS learndock_${name})
  set_target_properties(learndock_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(learndock_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(learndock_${name} PUBLIC cxx_std_20)
  target_link_libraries(learndock_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
    $<BUILD_INTERFACE:learndock_warnings>)
  if(NOT ARG_INTERNAL)
    set_property(GLOBAL APPEND PROPERTY LEARNDOCK_LAYERS learndock_${name})
  endif()
endfunction()
