# minet_embed(ROOM FILE SYMBOL): embeds FILE of src/ROOM as `std::string_view minet::ROOM::SYMBOL` at
# configure time; a source that uses it declares `extern const std::string_view SYMBOL;`.
function(minet_embed room file symbol)
  set(source ${PROJECT_SOURCE_DIR}/src/${room}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} content)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/embedded/${room}_${symbol}.cpp @ONLY CONTENT
       "#include <string_view>\nnamespace minet::${room} {\nextern const std::string_view ${symbol} = R\"embedded(@content@)embedded\";\n}\n")
  target_sources(minet_${room} PRIVATE ${PROJECT_BINARY_DIR}/embedded/${room}_${symbol}.cpp)
endfunction()
