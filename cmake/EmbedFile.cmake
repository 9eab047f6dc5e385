# cmake -D IN=file -D OUT=file.cpp -D HEADER=x.hpp -D FUNCTION=ns::f -P …: a
# C++ source whose function gives the file's bytes. As numbers, since a string
# literal has a limited length.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," numbers "${bytes}")
file(WRITE ${OUT}
"#include \"${HEADER}\"

namespace {

constexpr unsigned char bytes[] = {${numbers}};

} // namespace

std::string_view ${FUNCTION}() {
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}
")
