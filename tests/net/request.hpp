#pragma once

#include <string_view>

#include "net/handshake.hpp"
#include "tests/support/catch.hpp"

namespace greenroom::net {

/// A head whose fields are called by their names.
class some_request : public request_head {
public:
  void insert(std::string_view name, std::string_view value) {
    add(field_of(name), value);
  }

  void erase(std::string_view name) { request_head::erase(field_of(name)); }

  void set(std::string_view name, std::string_view value) {
    erase(name);
    insert(name, value);
  }

private:
  static field field_of(std::string_view name) {
    auto found =
        boost::beast::http::string_to_field({name.data(), name.size()});
    REQUIRE(found != field::unknown);
    return found;
  }
};

/// A flawless request for an upgrade, for tests to spoil.
inline some_request good_request() {
  some_request head;
  head.version = 11;
  head.method = boost::beast::http::verb::get;
  head.set_target("/ws");
  head.set("Host", "chat.example");
  head.set("Connection", "keep-alive, Upgrade");
  head.set("Upgrade", "websocket");
  head.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  head.set("Sec-WebSocket-Version", "13");
  return head;
}

inline target at(std::string_view line) {
  auto read = read_target(line);
  REQUIRE(std::holds_alternative<target>(read));
  return std::get<target>(read);
}

inline upgrade agreed(const request_head& head, std::string_view line = "/ws",
                      const settings& config = {}) {
  auto read = read_handshake(head, at(line), config);
  if (auto* why = std::get_if<refused>(&read))
    FAIL(why->text);
  return std::get<upgrade>(read);
}

/// The status of the refusal; 101 where there is none.
inline unsigned status(const request_head& head, std::string_view line = "/ws",
                       const settings& config = {}) {
  auto read = read_handshake(head, at(line), config);
  auto* why = std::get_if<refused>(&read);
  return why == nullptr ? 101 : why->status;
}

} // namespace greenroom::net
