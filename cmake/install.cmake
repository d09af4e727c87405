# An outside project: find_package(minet) and link minet::base or minet::minet (tests/consumer does it).
include(CMakePackageConfigHelpers)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/minet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(installed_targets minet_base)
if(MINET_TORCH)
  list(APPEND installed_targets minet)
endif()
install(TARGETS ${installed_targets} EXPORT minet_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/minet)
install(EXPORT minet_targets NAMESPACE minet:: FILE minetTargets.cmake DESTINATION ${package_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/minetConfig.cmake.in minetConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(minetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/minetConfig.cmake ${PROJECT_BINARY_DIR}/minetConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLibTorch.cmake DESTINATION ${package_folder})

# What mi_video looks for beside its own folder.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/.venv/share/minet/vision DESTINATION ${CMAKE_INSTALL_DATADIR}/minet OPTIONAL)
