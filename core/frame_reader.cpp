#include "core/frame_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/utf8.hpp"
#include "core/ws_frame.hpp"

namespace greenroom::ws {

using protocol::close_code;

namespace {

constexpr auto op_continuation =
    static_cast<std::uint8_t>(opcode::continuation);
constexpr auto op_text = static_cast<std::uint8_t>(opcode::text);
constexpr auto op_binary = static_cast<std::uint8_t>(opcode::binary);
constexpr auto op_close = static_cast<std::uint8_t>(opcode::close);
constexpr auto op_ping = static_cast<std::uint8_t>(opcode::ping);
constexpr auto op_pong = static_cast<std::uint8_t>(opcode::pong);

constexpr std::size_t head_bytes_min = 2;
constexpr std::size_t mask_bytes = 4;
constexpr std::uint64_t control_bytes_max = 125;

/// What a message that does not compress may grow by: a sender's frames need
/// not be shorter for being compressed. zlib with its smallest tables adds a
/// twenty-fifth.
constexpr std::uint64_t deflated_bytes_max(std::uint64_t message_bytes_max) {
  return message_bytes_max + message_bytes_max / 16 + 64;
}

bool is_control(std::uint8_t opcode) {
  return (opcode & 8) != 0;
}

std::uint64_t big_endian(const char* from, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    number = number << 8 | static_cast<unsigned char>(from[i]);
  return number;
}

/// Bytes of the head that starts so; `bytes` has `head_bytes_min` at least.
std::size_t head_length(const char* bytes) {
  auto length = static_cast<unsigned char>(bytes[1]) & 0x7f;
  bool masked = (static_cast<unsigned char>(bytes[1]) & 0x80) != 0;
  return head_bytes_min
         + (length == 126   ? 2
            : length == 127 ? 8
                            : 0)
         + (masked ? mask_bytes : 0);
}

/// RFC 6455 section 7.4: what an endpoint may say in a close frame.
bool is_sayable(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

/// How many bytes at the end of `text` begin a character that goes on behind
/// it, or would: 0 to 3. `text` is whole but for them.
std::size_t begun_at_end(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80)
      continue; // Not the first of its character.
    std::size_t length = byte < 0xc0   ? 1
                         : byte < 0xe0 ? 2
                         : byte < 0xf0 ? 3
                                       : 4;
    return back < length ? back : 0;
  }
  return 0;
}

/// Whether a character may begin so (RFC 3629): its first 1 to 3 bytes.
bool may_begin(std::string_view some) {
  auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(some[i]);
  };
  auto lead = byte(0);
  if (lead < 0xc2 || lead > 0xf4)
    return false;
  if (some.size() < 2)
    return true;
  unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  return byte(1) >= least && byte(1) <= most
         && (some.size() < 3 || (byte(2) & 0xc0) == 0x80);
}

} // namespace

struct frame_reader::head {
  bool fin = false;
  std::uint8_t reserved = 0;
  std::uint8_t opcode = 0;
  bool masked = false;
  bool shortest = true;
  std::uint64_t payload = 0;
  std::uint32_t mask = 0;

  /// `bytes` are all of it.
  explicit head(const char* bytes) {
    auto first = static_cast<unsigned char>(bytes[0]);
    auto second = static_cast<unsigned char>(bytes[1]);
    fin = (first & 0x80) != 0;
    reserved = first & 0x70;
    opcode = first & 0x0f;
    masked = (second & 0x80) != 0;
    payload = second & 0x7f;
    std::size_t at = 2;
    if (payload == 126) {
      payload = big_endian(bytes + at, 2);
      shortest = payload > 125;
      at += 2;
    } else if (payload == 127) {
      payload = big_endian(bytes + at, 8);
      shortest = payload > 0xffff;
      at += 8;
    }
    if (masked)
      std::memcpy(&mask, bytes + at, mask_bytes);
  }
};

void unmask(char* bytes, std::size_t count, std::uint32_t mask) {
  auto wide = static_cast<std::uint64_t>(mask) << 32 | mask;
  std::size_t i = 0;
  for (; i + sizeof wide <= count; i += sizeof wide) {
    std::uint64_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    word ^= wide;
    std::memcpy(bytes + i, &word, sizeof word);
  }
  char key[sizeof mask];
  std::memcpy(key, &mask, sizeof mask);
  for (; i < count; ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ key[i % sizeof mask]);
}

std::size_t frame_reader::read(char* bytes, std::size_t count, sink& to) {
  std::size_t used = 0;
  while (used < count && !ended_ && to.wants_more()) {
    auto in_frame = partial_ && partial_->in_frame;
    used += in_frame ? read_payload(bytes + used, count - used, to)
                     : read_head(bytes + used, count - used, to);
  }
  return ended_ ? count : used;
}

/// Reads one head, and the whole frame if it is all there.
std::size_t frame_reader::read_head(char* bytes, std::size_t count, sink& to) {
  if (partial_ && partial_->head_bytes > 0)
    return read_rest_of_head(bytes, count, to);
  if (count < head_bytes_min || count < head_length(bytes)) {
    auto& kept = state();
    std::memcpy(kept.head, bytes, count);
    kept.head_bytes = count;
    return count;
  }
  head frame{bytes};
  auto used = head_length(bytes);
  if (!is_allowed(frame, to))
    return count;
  bool is_alone = frame.fin && frame.opcode != op_continuation;
  if (!is_alone || frame.payload > count - used) {
    begin_frame(frame, to);
    return used;
  }
  auto payload_bytes = static_cast<std::size_t>(frame.payload);
  unmask(bytes + used, payload_bytes, frame.mask);
  std::string_view payload{bytes + used, payload_bytes};
  used += payload_bytes;
  if (is_control(frame.opcode))
    end_control(frame.opcode, payload, to);
  else if (frame.reserved)
    end_deflated(payload, frame.opcode == op_text, to);
  else if (frame.opcode == op_text && !is_utf8(payload))
    fail(close_code::bad_payload, "text is not UTF-8", to);
  else
    to.on_message(payload, frame.opcode == op_text);
  return used;
}

std::size_t frame_reader::read_rest_of_head(const char* bytes,
                                            std::size_t count, sink& to) {
  auto& kept = *partial_;
  for (std::size_t used = 0; used < count;) {
    kept.head[kept.head_bytes++] = bytes[used++];
    if (kept.head_bytes < head_bytes_min
        || kept.head_bytes < head_length(kept.head))
      continue;
    kept.head_bytes = 0;
    if (head frame{kept.head}; is_allowed(frame, to))
      begin_frame(frame, to);
    return used;
  }
  return count;
}

bool frame_reader::is_allowed(const head& frame, sink& to) {
  auto broken = [&](std::string_view what) {
    return fail(close_code::protocol_error, what, to);
  };
  bool in_message = partial_ && partial_->in_message;
  if (frame.reserved && !may_reserve(frame))
    return broken("a reserved bit is set");
  if (!frame.masked)
    return broken("a frame is not masked");
  if (!frame.shortest || frame.payload >> 63 != 0)
    return broken("a length that may not be written so");
  if (is_control(frame.opcode)) {
    if (frame.opcode > op_pong)
      return broken("an unknown opcode");
    if (!frame.fin)
      return broken("a control frame is fragmented");
    if (frame.payload > control_bytes_max)
      return broken("a control frame is too long");
    return true;
  }
  if (frame.opcode > op_binary)
    return broken("an unknown opcode");
  if (frame.opcode == op_continuation && !in_message)
    return broken("a continuation of nothing");
  if (frame.opcode != op_continuation && in_message)
    return broken("a message within a message");
  auto before = in_message ? partial_->message.size() : 0;
  std::uint64_t most = message_bytes_max_;
  if (frame.reserved || (in_message && partial_->deflated))
    most = deflated_bytes_max(most);
  if (frame.payload > most - before)
    return fail(close_code::too_big, "limits.message-bytes", to);
  return true;
}

/// RFC 7692 section 6: RSV1 on the first frame of a message, where agreed.
bool frame_reader::may_reserve(const head& frame) const {
  return deflated_ok_ && frame.reserved == rsv1
         && (frame.opcode == op_text || frame.opcode == op_binary);
}

void frame_reader::begin_frame(const head& frame, sink& to) {
  auto& now = state();
  now.in_frame = true;
  now.fin = frame.fin;
  now.opcode = frame.opcode;
  now.mask = frame.mask;
  now.left = frame.payload;
  if (frame.opcode == op_text || frame.opcode == op_binary) {
    now.in_message = true;
    now.is_text = frame.opcode == op_text;
    now.deflated = frame.reserved != 0;
  }
  if (frame.payload == 0)
    end_frame(to);
}

std::size_t frame_reader::read_payload(char* bytes, std::size_t count,
                                       sink& to) {
  auto& now = *partial_;
  auto part =
      static_cast<std::size_t>(std::min<std::uint64_t>(now.left, count));
  unmask(bytes, part, now.mask);
  static_assert(std::endian::native == std::endian::little);
  now.mask = std::rotr(now.mask, static_cast<int>(part % mask_bytes * 8));
  now.left -= part;
  auto& payload = is_control(now.opcode) ? now.control : now.message;
  payload.append(bytes, part);
  if (!is_control(now.opcode) && now.is_text && !now.deflated
      && !check_text(to))
    return count;
  if (now.left == 0)
    end_frame(to);
  return part;
}

/// The frame is all there.
void frame_reader::end_frame(sink& to) {
  auto& now = *partial_;
  now.in_frame = false;
  if (is_control(now.opcode)) {
    auto payload = std::exchange(now.control, {});
    auto opcode = now.opcode;
    if (!now.in_message)
      partial_.reset();
    end_control(opcode, payload, to);
  } else if (now.fin) {
    auto whole = std::exchange(partial_, nullptr);
    if (whole->deflated)
      end_deflated(whole->message, whole->is_text, to);
    else if (whole->is_text && whole->checked != whole->message.size())
      fail(close_code::bad_payload, "text ends within a character", to);
    else
      to.on_message(whole->message, whole->is_text);
  }
}

/// Inflated at its end and not as it comes: so one inflater serves many.
void frame_reader::end_deflated(std::string_view message, bool is_text,
                                sink& to) {
  auto got = to.inflate(message, message_bytes_max_);
  if (got.what == inflated::verdict::too_big)
    fail(close_code::too_big, "limits.message-bytes, inflated", to);
  else if (got.what == inflated::verdict::broken)
    fail(close_code::bad_payload, "not what deflate gives", to);
  else if (is_text && !is_utf8(got.bytes))
    fail(close_code::bad_payload, "text is not UTF-8", to);
  else
    to.on_message(got.bytes, is_text);
}

void frame_reader::end_control(std::uint8_t opcode, std::string_view payload,
                               sink& to) {
  if (opcode == op_ping)
    to.on_ping(payload);
  else if (opcode == op_close)
    end_close(payload, to);
}

void frame_reader::end_close(std::string_view payload, sink& to) {
  std::uint16_t code = protocol::no_close_code;
  if (!payload.empty()) {
    if (payload.size() < sizeof code) {
      fail(close_code::protocol_error, "half a close code", to);
      return;
    }
    code = static_cast<std::uint16_t>(big_endian(payload.data(), sizeof code));
    payload.remove_prefix(sizeof code);
    if (!is_sayable(code)) {
      fail(close_code::protocol_error, "a close code that may not be sent", to);
      return;
    }
    if (!is_utf8(payload)) {
      fail(close_code::bad_payload, "a close reason is not UTF-8", to);
      return;
    }
  }
  ended_ = true;
  partial_.reset();
  to.on_close(code, payload);
}

/// What of the text has come is UTF-8 as far as one can see (section 8.1):
/// it fails at the byte that makes it wrong.
bool frame_reader::check_text(sink& to) {
  auto& now = *partial_;
  std::string_view fresh{now.message};
  fresh.remove_prefix(now.checked);
  auto begun = begun_at_end(fresh);
  auto whole = fresh.substr(0, fresh.size() - begun);
  if (!is_utf8(whole) || (begun > 0 && !may_begin(fresh.substr(whole.size()))))
    return fail(close_code::bad_payload, "text is not UTF-8", to);
  now.checked += whole.size();
  return true;
}

bool frame_reader::fail(close_code code, std::string_view what, sink& to) {
  ended_ = true;
  partial_.reset();
  to.on_violation(code, what);
  return false;
}

frame_reader::partial& frame_reader::state() {
  if (!partial_)
    partial_ = std::make_unique<partial>();
  return *partial_;
}

} // namespace greenroom::ws
