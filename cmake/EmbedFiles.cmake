# cmake -D "IN=file;file" -D OUT=file.cpp -D HEADER=x.hpp -D FUNCTION=ns::f -P …:
# a C++ source whose function gives the bytes of the file of that name, or
# nothing. As numbers, since a string literal has a limited length.
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS IN)
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," numbers "${bytes}")
  string(APPEND arrays
    "constexpr unsigned char bytes_${number}[] = {${numbers}};\n")
  string(APPEND rows
    "    {\"${name}\", bytes_${number}, sizeof bytes_${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT}
"#include \"${HEADER}\"

namespace {

${arrays}
struct file {
  std::string_view name;
  const unsigned char* bytes;
  std::size_t size;
};

constexpr file files[] = {
${rows}};

} // namespace

std::optional<std::string_view> ${FUNCTION}(std::string_view name) {
  for (const auto& each : files)
    if (each.name == name)
      return std::string_view{reinterpret_cast<const char*>(each.bytes),
                              each.size};
  return {};
}
")
