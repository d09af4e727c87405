# Components of `cmake --install`: `programs` (with the data they read: configurations, models, networks),
# `development` (headers, libraries, package files, examples) and `torch` (a link to the torch of the build). The
# first two are also the Debian packages (cmake/package.cmake).
include(CMakePackageConfigHelpers)
set(data_folder ${CMAKE_INSTALL_DATADIR}/minet)

# Programs. Those with LibTorch are in libexec/, and bin/ has a launcher that finds LibTorch, so that they contain no
# path of this machine. mi_prepare, which does not need LibTorch, is started directly.
install(TARGETS mi_prepare RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
if(MINET_TORCH)
  set(programs mi_train mi_generate mi_eval mi_video mi_live)
  set(programs_folder ${CMAKE_INSTALL_LIBEXECDIR}/minet)
  install(TARGETS ${programs} RUNTIME DESTINATION ${programs_folder} COMPONENT programs)
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/packaging/launch DESTINATION ${programs_folder} COMPONENT programs)
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/packaging/minet-get-torch DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/links)
  foreach(program ${programs})
    file(CREATE_LINK ../${programs_folder}/launch ${PROJECT_BINARY_DIR}/links/${program} SYMBOLIC)
    install(FILES ${PROJECT_BINARY_DIR}/links/${program} DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endforeach()

  # PREFIX/lib/minet/torch is the torch of this installation, for the launcher and for find_package(minet). A folder
  # there (a user's copy) is kept.
  cmake_path(GET LibTorch_CPU_LIBRARY PARENT_PATH torch_folder)
  cmake_path(GET torch_folder PARENT_PATH torch_folder)
  install(CODE "set(link \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/minet/torch\")
    if(IS_SYMLINK \"\${link}\" OR NOT EXISTS \"\${link}\")
      message(STATUS \"Installing: \${link} -> ${torch_folder}\")
      file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/minet\")
      file(CREATE_LINK \"${torch_folder}\" \"\${link}\" SYMBOLIC)
    endif()" COMPONENT torch)
endif()
# Man pages and completions, written by the programs themselves (apps/help_formats.hpp).
set(explained mi_prepare)
if(MINET_TORCH)
  list(APPEND explained mi_train mi_generate mi_eval)
endif()
install(CODE "foreach(program ${explained})
    foreach(page man:${CMAKE_INSTALL_MANDIR}/man1/\${program}.1
            bash:${CMAKE_INSTALL_DATADIR}/bash-completion/completions/\${program}
            zsh:${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions/_\${program})
      string(REPLACE : \";\" page \${page})
      list(GET page 0 format)
      list(GET page 1 file)
      set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/\${file}\")
      message(STATUS \"Installing: \${file}\")
      cmake_path(GET file PARENT_PATH folder)
      file(MAKE_DIRECTORY \"\${folder}\")
      execute_process(COMMAND ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/\${program} --help-format \${format}
                      OUTPUT_FILE \"\${file}\" COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
  endforeach()" COMPONENT programs)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs ${PROJECT_SOURCE_DIR}/models DESTINATION ${data_folder}
        COMPONENT programs)
# The networks that mi_video looks for relative to its own folder, with their licence.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/.venv/share/minet/vision DESTINATION ${data_folder} COMPONENT programs OPTIONAL)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
# The documents that help texts and errors refer to.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs
        FILES_MATCHING PATTERN "*.md" PATTERN pictures EXCLUDE PATTERN listen EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)

# For other projects: find_package(minet) and minet::base or minet::minet, or pkg-config (tests/consumer uses both).
set(installed_targets minet_base)
set(pkgconfig_files minet-base)
if(MINET_TORCH)
  list(APPEND installed_targets minet)
  list(APPEND pkgconfig_files minet)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/minet)
# Not those of the rooms that are in neither library.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/minet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        PATTERN video EXCLUDE PATTERN live EXCLUDE)
install(TARGETS ${installed_targets} EXPORT minet_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT development)
install(EXPORT minet_targets NAMESPACE minet:: FILE minetTargets.cmake DESTINATION ${package_folder}
        COMPONENT development)
string(REGEX MATCH "^[0-9]+[.][0-9]+" torch_release "${LibTorch_VERSION}")
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/minetConfig.cmake.in minetConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(minetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/minetConfig.cmake ${PROJECT_BINARY_DIR}/minetConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLibTorch.cmake DESTINATION ${package_folder} COMPONENT development)
file(RELATIVE_PATH prefix_of_pkgconfig /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(file ${pkgconfig_files})
  configure_file(${PROJECT_SOURCE_DIR}/packaging/${file}.pc.in ${file}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()
