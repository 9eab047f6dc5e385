#include "tests/net/request.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::net;
namespace http = boost::beast::http;

TEST_CASE("[P-1.2] a target is its path and its decoded parameters") {
  auto read = at("/ws?room=caf%C3%A9%20%26%20co&room=b&token=a.b-c&flag");
  CHECK(read.path == "/ws");
  REQUIRE(read.query.size() == 4);
  CHECK(read.query[0].first == "room");
  CHECK(read.query[0].second == "caf\xc3\xa9 & co");
  CHECK(read.query[1].second == "b");
  CHECK(read.query[2].second == "a.b-c");
  CHECK(read.query[3].second.empty());
}

TEST_CASE("a target is read the same, whether it is plain or any URL") {
  auto path = [](std::string_view line) {
    return at(line).path;
  };
  auto query = [](std::string_view line) {
    std::string all;
    for (const auto& [name, value] : at(line).query)
      all += name + '=' + value + ';';
    return all;
  };
  CHECK(path("/") == "/");
  CHECK(path("/a/b") == "/a/b");
  CHECK(path("/relay?room=a") == "/relay");
  CHECK(path("/%77s") == "/%77s"); // Another path, for all that it means.
  CHECK(query("/ws").empty());
  CHECK(query("/ws?room=A-z_0.9~") == "room=A-z_0.9~;");
  CHECK(query("/ws?room=a%7eb") == "room=a~b;");
  CHECK(query("/ws?room=a&room=b") == "room=a;room=b;");
  CHECK(query("/ws?room=a=b") == "room=a=b;");
  CHECK(query("/ws?room=") == "room=;");
  CHECK(query("/ws?=a") == "=a;");
}

TEST_CASE("[P-1.4] a target that is no URL is refused with 400") {
  auto line = GENERATE("", "ws", "/ws?room=%zz", "/ws?room=%2", "/a b",
                       "http://host/ws", "*");
  CAPTURE(line);
  auto read = read_target(line);
  REQUIRE(std::holds_alternative<refused>(read));
  CHECK(std::get<refused>(read).status == 400);
}

TEST_CASE("[P-1.1] a good handshake agrees on JSON where nothing is named") {
  auto got = agreed(good_request());
  CHECK(got.hello.space == room_space::protocol);
  CHECK(got.hello.encoding == protocol::encoding::json);
  CHECK(got.subprotocol.empty());
  CHECK(got.hello.token.empty());
  CHECK(got.hello.rooms.empty());
}

TEST_CASE("[P-1.4] a request that is no WebSocket handshake gets 400") {
  auto head = good_request();
  SECTION("another method") {
    head.method = http::verb::post;
  }
  SECTION("HTTP/1.0") {
    head.version = 10;
  }
  SECTION("no Host") {
    head.erase("Host");
  }
  SECTION("two Hosts") {
    head.insert("Host", "other.example");
  }
  SECTION("no Connection") {
    head.erase("Connection");
  }
  SECTION("another Connection") {
    head.set("Connection", "keep-alive");
  }
  SECTION("no Upgrade") {
    head.erase("Upgrade");
  }
  SECTION("another Upgrade") {
    head.set("Upgrade", "h2c");
  }
  SECTION("no key") {
    head.erase("Sec-WebSocket-Key");
  }
  SECTION("two keys") {
    head.insert("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  }
  SECTION("a short key") {
    head.set("Sec-WebSocket-Key", "c2hvcnQ=");
  }
  SECTION("a key that is not base64") {
    head.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j!Q==");
  }
  SECTION("a key of 18 bytes") {
    head.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSEh");
  }
  SECTION("no version") {
    head.erase("Sec-WebSocket-Version");
  }
  SECTION("two versions") {
    head.insert("Sec-WebSocket-Version", "8");
  }
  CHECK(status(head) == 400);
}

TEST_CASE("[RFC 6455 4.2.1] names of header values do not heed the case") {
  auto head = good_request();
  head.set("Connection", "UPGRADE");
  head.set("Upgrade", "WebSocket");
  CHECK(status(head) == 101);
}

TEST_CASE("[RFC 6455 4.2.1] a header's list may come in several lines") {
  auto head = good_request();
  head.set("Connection", "keep-alive");
  head.insert("Connection", "Upgrade");
  CHECK(status(head) == 101);
}

TEST_CASE("[P-1.4] a version other than 13 gets 426") {
  auto version = GENERATE("8", "14", "0", "013", "x");
  auto head = good_request();
  head.set("Sec-WebSocket-Version", version);
  CHECK(status(head) == 426);
}

TEST_CASE("[P-1.4] a browser's page may connect to its own host only") {
  auto head = good_request();
  auto with = [&](std::string_view origin) {
    head.set("Origin", origin);
    return status(head);
  };
  CHECK(with("https://chat.example") == 101);
  CHECK(with("http://CHAT.example") == 101);
  CHECK(with("https://evil.example") == 403);
  CHECK(with("https://chat.example.evil") == 403);
  CHECK(with("https://evil.example/chat.example") == 403);
  CHECK(with("https://chat.example:8443") == 403);
  CHECK(with("null") == 403);
  CHECK(with("") == 403);
  head.set("Host", "chat.example:8443");
  CHECK(with("https://chat.example:8443") == 101);
}

TEST_CASE("[P-1.4] pages of the origins in the configuration may connect") {
  settings config;
  config.net.origins = {"https://app.example"};
  auto head = good_request();
  head.set("Origin", "https://App.example");
  CHECK(status(head, "/ws", config) == 101);
  head.set("Origin", "http://app.example");
  CHECK(status(head, "/ws", config) == 403);
  config.net.origins = {"*"};
  CHECK(status(head, "/ws", config) == 101);
}

TEST_CASE("[P-1.1] the client's first choice that the node speaks is taken") {
  auto head = good_request();
  head.set("Sec-WebSocket-Protocol",
           "chat, greenroom.v1.msgpack, greenroom.v1.json");
  auto got = agreed(head);
  CHECK(got.hello.encoding == protocol::encoding::msgpack);
  CHECK(got.subprotocol == "greenroom.v1.msgpack");
  head.set("Sec-WebSocket-Protocol", "chat");
  head.insert("Sec-WebSocket-Protocol", "greenroom.v1.json");
  got = agreed(head);
  CHECK(got.hello.encoding == protocol::encoding::json);
  CHECK(got.subprotocol == "greenroom.v1.json");
}

TEST_CASE("[P-1.1] who offers only what the node does not speak gets 400") {
  auto head = good_request();
  head.set("Sec-WebSocket-Protocol", "chat, superchat");
  CHECK(status(head) == 400);
}

TEST_CASE("[P-1] a relay agrees on no dialect") {
  auto head = good_request();
  head.set("Sec-WebSocket-Protocol", "chat, greenroom.v1.msgpack");
  auto got = agreed(head, "/relay?room=a");
  CHECK(got.hello.space == room_space::relay);
  CHECK(got.subprotocol.empty());
  CHECK(got.hello.encoding == protocol::encoding::json);
}

TEST_CASE("[P-1.2] `room` may repeat, and keeps its order") {
  auto got = agreed(good_request(), "/ws?room=b&x=1&room=a%3A1&room=b");
  CHECK(got.hello.rooms == std::vector<std::string>{"b", "a:1", "b"});
}
