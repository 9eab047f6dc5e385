#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/inflater.hpp"
#include "core/protocol/close_code.hpp"

namespace greenroom::ws {

/// Reads what a client sends, RFC 6455 sections 5 to 8: frames in any pieces,
/// fragments put together, text checked as it comes. Works on the bytes where
/// they are: a frame that is all there is unmasked in place and handed on
/// without a copy, so a reader that waits for nothing holds a few words only.
/// One thread.
class frame_reader {
public:
  /// Hears what came. What is handed over is valid during the call.
  class sink {
  public:
    virtual ~sink() = default;

    /// One whole message, all its fragments, inflated.
    virtual void on_message(std::string_view bytes, bool is_text) = 0;
    virtual void on_ping(std::string_view payload) = 0;

    /// The client's close frame: nothing is read behind it. 1005: no code.
    virtual void on_close(std::uint16_t code, std::string_view why) = 0;

    /// The client broke the rules (1002, 1007) or a limit (1009): nothing more
    /// is read. `what` is for the log.
    virtual void on_violation(protocol::close_code code,
                              std::string_view what) = 0;

    /// Whether to go on now: asked after each message.
    [[nodiscard]] virtual bool wants_more() const = 0;

    /// What the sender compressed; asked only after `expect_deflated`. Valid
    /// until the next call.
    [[nodiscard]] virtual inflated inflate(std::string_view message,
                                           std::size_t bytes_max) = 0;
  };

  explicit frame_reader(std::uint32_t message_bytes_max)
    : message_bytes_max_(message_bytes_max) {}

  /// permessage-deflate was agreed on (RFC 7692): RSV1 is no violation.
  void expect_deflated() { deflated_ok_ = true; }

  /// Reads from the front of `bytes`, changing them. Gives how many are done
  /// with: fewer than `count` only where the sink wants no more.
  std::size_t read(char* bytes, std::size_t count, sink& to);

private:
  struct head;

  /// What of a frame or of a message has come, while more is due.
  struct partial {
    char head[14];
    std::size_t head_bytes = 0; ///< Of a head that is not all there.

    bool in_frame = false; ///< Its payload is not all there.
    bool fin = false;
    std::uint8_t opcode = 0;
    std::uint32_t mask = 0; ///< Its first byte goes with the next one.
    std::uint64_t left = 0;

    bool in_message = false; ///< More of it is due, in this frame or others.
    bool is_text = false;
    bool deflated = false;
    std::string message;
    std::size_t checked = 0; ///< So much of the message is whole UTF-8.
    std::string control;     ///< Payload of a control frame.
  };

  std::size_t read_head(char* bytes, std::size_t count, sink& to);
  std::size_t read_rest_of_head(const char* bytes, std::size_t count, sink& to);
  std::size_t read_payload(char* bytes, std::size_t count, sink& to);
  bool is_allowed(const head& frame, sink& to);
  [[nodiscard]] bool may_reserve(const head& frame) const;
  void begin_frame(const head& frame, sink& to);
  void end_frame(sink& to);
  void end_deflated(std::string_view message, bool is_text, sink& to);
  void end_control(std::uint8_t opcode, std::string_view payload, sink& to);
  void end_close(std::string_view payload, sink& to);
  bool check_text(sink& to);
  bool fail(protocol::close_code code, std::string_view what, sink& to);
  partial& state();

  std::uint32_t message_bytes_max_;
  bool ended_ = false;
  bool deflated_ok_ = false;
  std::unique_ptr<partial> partial_; ///< Null between messages.
};

/// XORs the bytes with the mask, RFC 6455 section 5.3, whose first byte in
/// memory goes with the first one of `bytes`.
void unmask(char* bytes, std::size_t count, std::uint32_t mask);

} // namespace greenroom::ws
