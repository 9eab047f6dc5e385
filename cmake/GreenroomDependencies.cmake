# What the project is built on. `./dev` installs all of it; why each was chosen
# is in docs/decisions/.
find_package(Threads REQUIRED)
find_package(CAF 0.17.6 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS url)
find_package(OpenSSL REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(libjwt REQUIRED IMPORTED_TARGET libjwt)

# Header-only; Debian 12's package cannot be installed beside Boost 1.81, so
# `./dev` unpacks its headers into build/deps there (see DESIGN in docs/).
find_path(MSGPACK_INCLUDE_DIR msgpack.hpp
  PATHS ${PROJECT_SOURCE_DIR}/build/deps/usr/include
  REQUIRED)
add_library(msgpack INTERFACE)
add_library(msgpack::cxx ALIAS msgpack)
target_include_directories(msgpack SYSTEM INTERFACE ${MSGPACK_INCLUDE_DIR})

find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)

# ccache makes the second build of the same code free, in another clone too:
# BASEDIR and NOHASHDIR take the clone's own folder out of the key. The objects
# then name files relative to the clone's root, which is where to start gdb.
# A precompiled header is cached like an object; SLOPPINESS and -fpch-preprocess
# are what ccache and GCC need for that.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
    CCACHE_NOHASHDIR=1
    CCACHE_ABSSTDERR=1
    ${CCACHE})
  add_compile_options(
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
