# A room is a folder of sources with its own object library, which can include only the rooms above it.
# The object libraries together form the two installed libraries.

# LibTorch's headers take 20 s per file to parse. The precompiled one is built with -fPIC; with a program's
# usual -fPIE the compiler would reject it.
function(minet_use_pch target)
  if(MINET_PCH)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
    target_precompile_headers(${target} REUSE_FROM minet_pch)
  endif()
endfunction()

# minet_room(NAME ROOMS rooms above... LIBRARIES libraries that its sources link)
function(minet_room name)
  cmake_parse_arguments(ROOM "TORCH" "" "ROOMS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(minet_${name} OBJECT ${sources})
  target_compile_features(minet_${name} PUBLIC cxx_std_20)
  target_include_directories(minet_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                                           PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(minet_${name} PUBLIC ${ROOM_LIBRARIES} PRIVATE $<BUILD_INTERFACE:minet_warnings>)
  foreach(above ${ROOM_ROOMS})
    target_link_libraries(minet_${name} PUBLIC minet_${above})
  endforeach()
  # With LibTorch, CI's main build, these are compiled one by one, so that -Wshadow applies to each.
  if(MINET_UNITY AND NOT MINET_TORCH)
    set_target_properties(minet_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  if(ROOM_TORCH)
    target_link_libraries(minet_${name} PUBLIC LibTorch::LibTorch)
    minet_use_pch(minet_${name})
    if(MINET_UNITY)
      # Even with the precompiled header, LibTorch costs each file 6 s for templates that are instantiated
      # at its end. Files that are compiled for several instruction sets stay separate.
      set_target_properties(minet_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
      file(GLOB kernels ${PROJECT_SOURCE_DIR}/src/${name}/cpu/*_kernels.cpp)
      set_source_files_properties(${kernels} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endif()
endfunction()
