#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <caf/send.hpp>

#include "actors/interfaces.hpp"
#include "actors/loop.hpp"
#include "actors/neighbour.hpp"
#include "tests/support/fake_outbox.hpp"

namespace greenroom::test {

/// A client's socket without a socket: keeps what the node did to it, and tells
/// the connection what the test lets the client do; as `session` does, at once
/// where it can, or always by mail.
class fake_wire final : public fake_outbox,
                        public actors::wire,
                        public std::enable_shared_from_this<fake_wire> {
public:
  fake_wire(actors::loop& home, std::size_t bytes_max)
    : fake_outbox(home.sends(), bytes_max), home_(home) {}

  // -- what the client does

  void sends(std::string bytes, bool is_text = true) {
    heard_ = true;
    if (!reader_)
      return;
    actors::inbound_view here{bytes, is_text};
    if (!by_mail && unhandled_ == 0 && reader_.tell_at_once(here)) {
      ++handled_messages;
      return;
    }
    ++unhandled_;
    caf::anon_send(reader_.handle(),
                   actors::inbound{std::move(bytes), is_text});
  }

  /// Bytes that are no whole message yet.
  void stirs() { heard_ = true; }

  void hangs_up(std::uint16_t code = 1000, std::string reason = {}) {
    shut();
    tell_closed({code, !closed, std::move(reason)});
  }

  // -- wire

  void start(actors::neighbour<actors::connection_actor, actors::inbound_view>
                 reader) override {
    reader_ = reader.seen_from(home_);
  }

  void handled(std::size_t messages, std::size_t) override {
    handled_messages += messages;
    unhandled_ -= messages;
  }

  void ping() override { ++pings; }

  bool heard() override { return std::exchange(heard_, false); }

  void close(protocol::close_code code, std::string_view reason) override {
    if (closed)
      return;
    closed = code;
    close_reason = reason;
    home_.sends().add(*this); // What this turn brings goes before it.
  }

  void abort() override {
    aborted = true;
    shut();
    tell_closed({1006, !closed, "aborted"});
  }

  [[nodiscard]] std::shared_ptr<outbox> out() override {
    return shared_from_this();
  }

  // -- outbox

  void run() override {
    if (closed)
      seal();
    flush();
    if (closed && answers_close)
      tell_closed({static_cast<std::uint16_t>(*closed), false, {}});
  }

  void too_slow() override {
    if (closed)
      return;
    fake_outbox::too_slow();
    close(protocol::close_code::too_slow,
          reason(protocol::close_code::too_slow));
  }

  /// Whether the connection's actor has not been told of the end yet.
  [[nodiscard]] bool is_open() const { return static_cast<bool>(reader_); }

  [[nodiscard]] const actors::connection_actor& reader() const {
    return reader_.handle();
  }

  std::optional<protocol::close_code> closed;
  std::string close_reason;
  bool answers_close = true;
  bool aborted = false;
  int pings = 0;
  std::size_t handled_messages = 0;
  bool by_mail = false; ///< Nothing is told at once.

private:
  void tell_closed(actors::socket_closed how) {
    if (auto reader = std::exchange(reader_, {}))
      caf::anon_send(reader.handle(), std::move(how));
  }

  actors::loop& home_;
  actors::neighbour<actors::connection_actor, actors::inbound_view> reader_;
  std::size_t unhandled_ = 0;
  bool heard_ = false;
};

} // namespace greenroom::test
