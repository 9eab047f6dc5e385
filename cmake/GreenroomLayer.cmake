# One folder of the repository = one static library `greenroom::<name>`. USES is
# the whole list of what the folder may link, so this call is also where a reader
# learns which way the arrows point. PRECOMPILE names the heavy headers.
function(greenroom_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;PRECOMPILE" ${ARGN})
  add_library(greenroom_${name} STATIC ${arg_SOURCES})
  add_library(greenroom::${name} ALIAS greenroom_${name})
  target_include_directories(greenroom_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(greenroom_${name} PUBLIC ${arg_USES})
  greenroom_options(greenroom_${name})
  if(arg_PRECOMPILE)
    target_precompile_headers(greenroom_${name} PRIVATE ${arg_PRECOMPILE})
  endif()
endfunction()

# A warning is an error, in every target of ours.
function(greenroom_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION LESS 13)
    # GCC 12 sees overlaps in std::string's operator+ that are not there
    # (its bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
endfunction()

# Warnings, sanitizers and optimisation, for every target of ours.
function(greenroom_options target)
  greenroom_warnings(${target})
  if(GREENROOM_FUZZ)
    target_compile_options(${target} PRIVATE
      -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
      -fno-omit-frame-pointer -O1)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  elseif(GREENROOM_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=address,undefined -fno-sanitize-recover=all
      -fno-omit-frame-pointer -O1)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()
