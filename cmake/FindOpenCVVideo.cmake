# Finds the three OpenCV modules for videos without OpenCV's own package file, which on Debian comes with all 60.
# Defines OpenCVVideo::OpenCVVideo.
find_path(OpenCVVideo_INCLUDE_DIR opencv2/videoio.hpp PATH_SUFFIXES opencv4)
set(_libraries)
foreach(_module core imgproc videoio)
  find_library(OpenCVVideo_${_module}_LIBRARY opencv_${_module})
  list(APPEND _libraries OpenCVVideo_${_module}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  OpenCVVideo
  REQUIRED_VARS ${_libraries} OpenCVVideo_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Run scripts/setup.sh, which installs libopencv-core-dev, -imgproc-dev and -videoio-dev.")

if(OpenCVVideo_FOUND AND NOT TARGET OpenCVVideo::OpenCVVideo)
  add_library(OpenCVVideo::OpenCVVideo INTERFACE IMPORTED)
  target_include_directories(OpenCVVideo::OpenCVVideo SYSTEM INTERFACE ${OpenCVVideo_INCLUDE_DIR})
  foreach(_library ${_libraries})
    target_link_libraries(OpenCVVideo::OpenCVVideo INTERFACE ${${_library}})
  endforeach()
endif()
mark_as_advanced(${_libraries} OpenCVVideo_INCLUDE_DIR)
