#include "core/protocol/json_scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace greenroom::protocol {

namespace {

json_scratch& scratch_of_this_thread() {
  thread_local json_scratch mine;
  return mine;
}

} // namespace

bool json_scratch::load(std::string_view prefix, std::string_view bytes,
                        std::string_view suffix) {
  size_ = prefix.size() + bytes.size() + suffix.size();
  if (size_ > capacity_ || !buffer_) {
    auto capacity = std::bit_ceil(std::max<std::size_t>(size_, 4096));
    if (parser_.allocate(capacity) != simdjson::SUCCESS)
      return false;
    buffer_ = std::make_unique<char[]>(capacity + simdjson::SIMDJSON_PADDING);
    capacity_ = capacity;
  }
  auto* to = buffer_.get();
  to = std::copy(prefix.begin(), prefix.end(), to);
  to = std::copy(bytes.begin(), bytes.end(), to);
  to = std::copy(suffix.begin(), suffix.end(), to);
  std::fill_n(to, simdjson::SIMDJSON_PADDING, '\0');
  return true;
}

json_scratch::lease::lease() : scratch_(scratch_of_this_thread()) {}

json_scratch::lease::~lease() {
  if (scratch_.capacity_ <= kept_bytes_max)
    return;
  scratch_.parser_ = simdjson::ondemand::parser{};
  scratch_.buffer_.reset();
  scratch_.capacity_ = 0;
}

bool json_scratch::lease::start(std::string_view prefix, std::string_view bytes,
                                std::string_view suffix,
                                simdjson::ondemand::document& to) {
  if (!scratch_.load(prefix, bytes, suffix))
    return false;
  auto allocated = scratch_.capacity_ + simdjson::SIMDJSON_PADDING;
  return scratch_.parser_
             .iterate(scratch_.buffer_.get(), scratch_.size_, allocated)
             .get(to)
         == simdjson::SUCCESS;
}

std::string_view without_trailing_space(std::string_view text) {
  auto last = text.find_last_not_of(" \t\n\r");
  return text.substr(0, last + 1);
}

std::string_view token_of(simdjson::ondemand::value& from) {
  return without_trailing_space(from.raw_json_token());
}

bool at_end(simdjson::ondemand::document& from) {
  return from.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

bool read_string(simdjson::ondemand::value& from, std::string_view token,
                 std::string_view& to) {
  if (std::memchr(token.data(), '\\', token.size()))
    return from.get_string().get(to) == simdjson::SUCCESS;
  // Nothing to unescape, and simdjson has already looked at UTF-8 and control
  // characters: the copy that get_string makes would be for nothing.
  simdjson::ondemand::raw_json_string consumed;
  if (from.get_raw_json_string().get(consumed) != simdjson::SUCCESS
      || token.size() < 2 || token.back() != '"')
    return false;
  to = token.substr(1, token.size() - 2);
  return true;
}

} // namespace greenroom::protocol
