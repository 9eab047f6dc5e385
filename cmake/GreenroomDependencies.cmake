# What the project is built on. `./dev` installs all of it; why each was chosen
# is in docs/decisions/.
find_package(Threads REQUIRED)
find_package(CAF 0.17.6 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS url)
find_package(OpenSSL REQUIRED)
find_package(simdjson REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(libjwt REQUIRED IMPORTED_TARGET libjwt)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing>=2.3)

# Header-only; Debian 12's package cannot be installed beside Boost 1.81, so
# `./dev` unpacks its headers into build/deps there (docs/decisions/0009).
find_path(MSGPACK_INCLUDE_DIR msgpack.hpp
  PATHS ${PROJECT_SOURCE_DIR}/build/deps/usr/include
  REQUIRED)
add_library(msgpack INTERFACE)
add_library(msgpack::cxx ALIAS msgpack)
target_include_directories(msgpack SYSTEM INTERFACE ${MSGPACK_INCLUDE_DIR})

find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)

# ccache makes the second build of the same code free. In the same folder only:
# a precompiled header names its sources by path, and one that was made in
# another clone lets the compiler read each of them twice. SLOPPINESS and
# -fpch-preprocess are what ccache and GCC need to cache with such headers.
# DEPEND: it looks at the files that were read, never at preprocessed text. Where
# a precompiled header is made anew, that text names the old one in place of the
# headers, and two different states that follow the same one got one result.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_DEPEND=1
    CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_NAMESPACE=${PROJECT_SOURCE_DIR}
    ${CCACHE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
