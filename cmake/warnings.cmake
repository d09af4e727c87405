# Warnings for our own code; dependencies come in as system headers and are not judged.
add_library(minet_warnings INTERFACE)
if(MINET_DEVELOPER)
  # Where files are compiled together, what one calls its own is no business of the next one's.
  set(apart $<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>)
  target_compile_options(minet_warnings INTERFACE -Wall -Wextra $<IF:${apart},-Wshadow,$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>>
                                                  -Wnon-virtual-dtor -Woverloaded-virtual -Wunused)
  # Errors by default with CI's compiler alone: another one's new warnings must not stop a build.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
    set(ci_compiler ON)
  else()
    set(ci_compiler OFF)
  endif()
  option(MINET_WARNINGS_AS_ERRORS "Turn warnings into errors" ${ci_compiler})
  if(MINET_WARNINGS_AS_ERRORS)
    target_compile_options(minet_warnings INTERFACE -Werror)
  endif()
endif()
