# A room is a folder of sources with its own object library, which sees the rooms above it and no other.
# The object libraries together make the two libraries that are installed.

# minet_room(NAME ROOMS above... LIBRARIES what its sources link)
function(minet_room name)
  cmake_parse_arguments(ROOM "TORCH" "" "ROOMS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(minet_${name} OBJECT ${sources})
  target_compile_features(minet_${name} PUBLIC cxx_std_20)
  target_include_directories(minet_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                                           PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(minet_${name} PUBLIC ${ROOM_LIBRARIES} PRIVATE $<BUILD_INTERFACE:minet_warnings>)
  foreach(above ${ROOM_ROOMS})
    target_link_libraries(minet_${name} PUBLIC minet_${above})
  endforeach()
  if(ROOM_TORCH)
    target_link_libraries(minet_${name} PUBLIC LibTorch::LibTorch)
    if(MINET_PCH)
      target_precompile_headers(minet_${name} REUSE_FROM minet_pch)
    endif()
  endif()
endfunction()
