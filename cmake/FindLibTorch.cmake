# Finds LibTorch without torch's own package file, which requires a CUDA toolkit even for CPU code.
#
#   LibTorch_ROOT   a folder with include/ and lib/: an unpacked LibTorch, or site-packages/torch
#
# Default: the project's virtual environment, then the `torch` of the python3 on PATH.
# Defines LibTorch::LibTorch (torch_cpu and c10; CUDA is loaded at run time on demand).
if(NOT LibTorch_ROOT)
  file(GLOB _candidates ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
  if(NOT _candidates)
    find_program(_python NAMES python3)
    if(_python)
      execute_process(
        COMMAND ${_python} -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
        OUTPUT_VARIABLE _candidates OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
  endif()
  if(_candidates)
    list(GET _candidates 0 LibTorch_ROOT)
  endif()
endif()

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h HINTS ${LibTorch_ROOT}/include NO_DEFAULT_PATH)
find_path(LibTorch_API_INCLUDE_DIR torch/torch.h
          HINTS ${LibTorch_ROOT}/include/torch/csrc/api/include NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu HINTS ${LibTorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 HINTS ${LibTorch_ROOT}/lib NO_DEFAULT_PATH)

if(LibTorch_API_INCLUDE_DIR)
  # The version is in the API's own header before 2.10, and in headeronly/ from then on.
  foreach(_header ${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h ${LibTorch_API_INCLUDE_DIR}/torch/version.h)
    if(EXISTS ${_header} AND NOT LibTorch_VERSION)
      file(STRINGS ${_header} _lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
      string(REGEX MATCHALL "[0-9]+" _numbers "${_lines}")
      string(REPLACE ";" "." LibTorch_VERSION "${_numbers}")
    endif()
  endforeach()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR LibTorch_API_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  HANDLE_VERSION_RANGE
  REASON_FAILURE_MESSAGE
  "Run scripts/setup.sh, or pass -DLibTorch_ROOT=<folder with include/ and lib/>, -DMINET_TORCH=<it> to a project that uses minet.")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE ${LibTorch_INCLUDE_DIR}
                                                                 ${LibTorch_API_INCLUDE_DIR})
  target_link_libraries(LibTorch::LibTorch INTERFACE ${LibTorch_CPU_LIBRARY} ${LibTorch_C10_LIBRARY})
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_API_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
