# Warnings for our own code; dependencies are system headers, which give none.
add_library(minet_warnings INTERFACE)
if(MINET_DEVELOPER)
  # In unity builds -Wshadow is off: a file's names may shadow those of the file before it.
  set(apart $<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>)
  target_compile_options(minet_warnings INTERFACE -Wall -Wextra $<IF:${apart},-Wshadow,$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>>
                                                  -Wnon-virtual-dtor -Woverloaded-virtual -Wunused)
  # Errors by default only with CI's compiler: new warnings of other compilers must not stop a build.
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
