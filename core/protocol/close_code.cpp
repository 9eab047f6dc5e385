#include "core/protocol/close_code.hpp"

namespace greenroom::protocol {

std::string_view reason(close_code code) {
  switch (code) {
#define GREENROOM_CLOSE_CODE(name, number, reason, text)                       \
  case close_code::name:                                                       \
    return reason;
    GREENROOM_CLOSE_CODES(GREENROOM_CLOSE_CODE)
#undef GREENROOM_CLOSE_CODE
  }
  return "";
}

} // namespace greenroom::protocol
