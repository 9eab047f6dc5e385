#include "core/protocol/error_code.hpp"

namespace greenroom::protocol {

std::string_view to_string(error_code code) {
  switch (code) {
#define GREENROOM_ERROR_CODE(name, text)                                       \
  case error_code::name:                                                       \
    return #name;
    GREENROOM_ERROR_CODES(GREENROOM_ERROR_CODE)
#undef GREENROOM_ERROR_CODE
  }
  return "internal";
}

std::string_view meaning(error_code code) {
  switch (code) {
#define GREENROOM_ERROR_CODE(name, text)                                       \
  case error_code::name:                                                       \
    return text;
    GREENROOM_ERROR_CODES(GREENROOM_ERROR_CODE)
#undef GREENROOM_ERROR_CODE
  }
  return "";
}

} // namespace greenroom::protocol
