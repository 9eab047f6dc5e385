# The target greenroom_headers_check compiles every header alone: one that leans
# on what its users happen to include before it breaks some later user. Not part
# of `all`; `./dev check` builds it.
#
# Real objects rather than -fsyntax-only: a header makes next to no code, and
# without an object neither Ninja nor ccache could tell that nothing changed.
function(greenroom_headers_check)
  cmake_parse_arguments(arg "" "" "LAYERS;FOLDERS;USES" ${ARGN})
  add_library(greenroom_headers_check OBJECT EXCLUDE_FROM_ALL)
  foreach(folder IN LISTS arg_LAYERS arg_FOLDERS)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS
      RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/${folder}/*.hpp)
    foreach(header IN LISTS headers)
      set(source ${PROJECT_BINARY_DIR}/headers_check/${header}.cpp)
      # CONFIGURE rather than WRITE: an unchanged file keeps its time.
      file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
      target_sources(greenroom_headers_check PRIVATE ${source})
    endforeach()
  endforeach()

  # What the layers use, without the layers themselves: linking those would have
  # them built first, only to read headers.
  set(libraries ${arg_USES})
  foreach(layer IN LISTS arg_LAYERS)
    if(TARGET greenroom_${layer})
      get_target_property(uses greenroom_${layer} LINK_LIBRARIES)
      list(APPEND libraries ${uses})
      target_compile_definitions(greenroom_headers_check PRIVATE
        $<TARGET_PROPERTY:greenroom_${layer},INTERFACE_COMPILE_DEFINITIONS>)
    endif()
  endforeach()
  list(FILTER libraries EXCLUDE REGEX "^greenroom(::|_)")
  list(REMOVE_DUPLICATES libraries)
  target_include_directories(greenroom_headers_check PRIVATE
    ${PROJECT_SOURCE_DIR})
  target_link_libraries(greenroom_headers_check PRIVATE ${libraries})

  # Last on the command line, so that it wins over the build type: nobody runs
  # these objects, they need no sanitizer, optimiser or debug information.
  greenroom_warnings(greenroom_headers_check)
  target_compile_options(greenroom_headers_check PRIVATE -O0 -g0)
endfunction()
