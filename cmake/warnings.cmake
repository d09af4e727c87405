# Warnings for our own code; dependencies come in as system headers and are not judged.
add_library(minet_warnings INTERFACE)
if(MINET_DEVELOPER)
  target_compile_options(minet_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                                  -Wunused)
  if(MINET_WERROR)
    target_compile_options(minet_warnings INTERFACE -Werror)
  endif()
endif()
