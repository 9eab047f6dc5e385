#pragma once

// Somebody who hears what a frame reader reads, and writes it down.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/frame_reader.hpp"

namespace greenroom::test {

class frame_ear final : public ws::frame_reader::sink {
public:
  void on_message(std::string_view bytes, bool is_text) override {
    (heard += is_text ? "t:" : "b:").append(bytes) += ' ';
    if (messages_left > 0)
      --messages_left;
  }
  void on_ping(std::string_view payload) override {
    (heard += "ping:").append(payload) += ' ';
  }
  void on_close(std::uint16_t code, std::string_view why) override {
    (heard += "close:" + std::to_string(code) + ':').append(why) += ' ';
  }
  void on_violation(protocol::close_code code, std::string_view) override {
    heard += "bad:" + std::to_string(static_cast<int>(code)) + ' ';
  }
  [[nodiscard]] bool wants_more() const override { return messages_left != 0; }
  [[nodiscard]] ws::inflated inflate(std::string_view message,
                                     std::size_t bytes_max) override {
    if (!inflater_)
      inflater_.emplace(ws::window_bits_max);
    return keeps_context ? inflater_->inflate_next(message, bytes_max, space_)
                         : inflater_->inflate_alone(message, bytes_max, space_);
  }

  std::string heard;
  bool keeps_context = false;
  int messages_left = -1; ///< Negative: no end.

private:
  std::optional<ws::inflater> inflater_;
  ws::inflate_space space_;
};

/// What is heard of `bytes` when they come in pieces of `piece`; `deflates`:
/// compression was agreed on; `messages_at_once`: who hears wants no more after
/// so many, and is given the rest of the piece then, like a session whose
/// window was full.
inline std::string heard_of(std::string bytes, std::size_t piece = 1 << 20,
                            std::uint32_t message_bytes_max = 1 << 20,
                            bool deflates = false, int messages_at_once = -1) {
  ws::frame_reader reader{message_bytes_max};
  frame_ear to;
  if (deflates)
    reader.expect_deflated();
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto count = std::min(piece, bytes.size() - at);
    for (std::size_t used = 0; used < count;) {
      to.messages_left = messages_at_once;
      auto more = reader.read(bytes.data() + at + used, count - used, to);
      used += more;
      if (used < count && (to.messages_left != 0 || more == 0))
        return "(not all of it was read)";
    }
  }
  return to.heard;
}

} // namespace greenroom::test
