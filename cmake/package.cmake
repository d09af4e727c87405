# Debian packages, made by scripts/package.sh: `minet` (programs) and `libminet-dev` (headers, libraries, examples).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME minet)
set(CPACK_PACKAGE_CONTACT "The minet authors <minet@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Sound of an instrument from its player's movements")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL programs development)  # not torch: its link is specific to this machine
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)  # xz saves little on weights and takes far longer

set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME minet)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION sound)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_RECOMMENDS "ffmpeg, python3-pip")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SUGGESTS "fluidsynth, fluid-soundfont-gm")
set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION
    "Trains, runs and measures models that watch a musician's body and play the sound of the instrument.\n\
Two trained models are included. LibTorch 2.11 is not: minet-get-torch downloads it into /usr/lib/minet,\n\
or MINET_TORCH names a folder .../site-packages/torch.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libminet-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "minet (= ${PROJECT_VERSION}), pkg-config, libsndfile1-dev, libfftw3-dev, libsoxr-dev, libyaml-cpp-dev, libspdlog-dev, libssl-dev, libpng-dev, libebur128-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "cmake, g++")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "Headers and libraries of minet, for C++20, with files for CMake and pkg-config and three examples.")
include(CPack)
