# Libraries, headers, the program and a package file, so that `find_package(learndock)` works (tests/install).
include(CMakePackageConfigHelpers)
get_property(layers GLOBAL PROPERTY LEARNDOCK_LAYERS)
install(TARGETS ${layers} EXPORT learndockTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS learndock RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/learndock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def")
install(EXPORT learndockTargets NAMESPACE learndock:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/learndock)
configure_package_config_file(cmake/learndockConfig.cmake.in ${PROJECT_BINARY_DIR}/learndockConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/learndock)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/learndockConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/LearndockDependencies.cmake ${PROJECT_BINARY_DIR}/learndockConfig.cmake ${PROJECT_BINARY_DIR}/learndockConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/learndock)
