# A room is a folder of sources with its own object library, which sees the rooms above it and no other.
# The object libraries together make the two libraries that are installed.

# LibTorch's headers cost 20 s a file to parse. The precompiled one was compiled with -fPIC; a program's
# usual -fPIE would reject it.
function(minet_use_pch target)
  if(MINET_PCH)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
    target_precompile_headers(${target} REUSE_FROM minet_pch)
  endif()
endfunction()

# minet_room(NAME ROOMS above... LIBRARIES what its sources link)
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
  # With LibTorch, CI's main build, these stay apart: there each file is also judged by -Wshadow.
  if(MINET_UNITY AND NOT MINET_TORCH)
    set_target_properties(minet_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  if(ROOM_TORCH)
    target_link_libraries(minet_${name} PUBLIC LibTorch::LibTorch)
    minet_use_pch(minet_${name})
    if(MINET_UNITY)
      # Even behind the precompiled header LibTorch costs each file 6 s of the templates that it
      # leaves to the end of every file. A file that is compiled for each instruction set stays alone.
      set_target_properties(minet_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
      file(GLOB kernels ${PROJECT_SOURCE_DIR}/src/${name}/cpu/*_kernels.cpp)
      set_source_files_properties(${kernels} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endif()
endfunction()
