#include "cluster/envelope.hpp"

#include <random>

#include <msgpack.hpp>

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::cluster;

namespace {

const node_run ann{"ann", 0xFEDC'BA98'7654'3210};
const room_key lounge{room_space::protocol, "game:lounge"};
const room_key raw_lounge{room_space::relay, "game:lounge"};

protocol::value json(std::string text) {
  return {protocol::encoding::json, std::move(text)};
}

/// Writes an envelope by hand, as some other node might.
template <class... Elements>
std::string packed(const Elements&... elements) {
  msgpack::sbuffer buffer;
  msgpack::packer to{buffer};
  to.pack_array(sizeof...(elements));
  (to.pack(elements), ...);
  return {buffer.data(), buffer.size()};
}

std::string error_of(std::string_view bytes) {
  auto found = decode(bytes);
  return found ? "" : found.error().text;
}

template <class Event>
Event round_trip(const Event& event, const room_key& in = lounge) {
  auto found = decode(encode(ann, {3, 4}, in, event));
  REQUIRE(found.has_value());
  auto& traffic = std::get<room_traffic>(*found);
  CHECK(traffic.from == ann);
  CHECK(traffic.at.stream == 3);
  CHECK(traffic.at.sequence == 4);
  CHECK(traffic.room == in);
  REQUIRE(traffic.what.size() == 1);
  return std::get<Event>(*traffic.what.front());
}

} // namespace

TEST_CASE("a message comes out of an envelope as it went in") {
  auto back = round_trip(posted{"u1",
                                {true, json("\"h\\u00e4\"")},
                                "greeting",
                                {protocol::encoding::msgpack, "\xcd\x01\x02"},
                                1'700'000'000'123,
                                "c-1#7"});
  CHECK(back.key == "c-1#7");
  CHECK(back.user_id == "u1");
  CHECK(back.body.is_text);
  CHECK(back.body.said.in == protocol::encoding::json);
  CHECK(back.body.said.bytes == "\"h\\u00e4\"");
  CHECK(back.event == "greeting");
  CHECK(back.timestamp.in == protocol::encoding::msgpack);
  CHECK(back.timestamp.bytes == "\xcd\x01\x02");
  CHECK(back.stamped == 1'700'000'000'123);
}

TEST_CASE("a directed message keeps its recipients") {
  directed sent{{"u1", {false, json("{}")}, "", {}, -5}, {"bob", "c-17"}};
  auto back = round_trip(sent);
  CHECK(back.to == sent.to);
  CHECK(back.what.key.empty());
  sent.what.key = "c-1#\"x";
  CHECK(round_trip(sent).what.key == "c-1#\"x");
  CHECK(round_trip(sent).to == sent.to);
  CHECK(back.what.stamped == -5);
  CHECK(back.what.timestamp.empty());
  CHECK_FALSE(back.what.body.is_text);
}

TEST_CASE("[P-3.21] an envelope keeps the trace of a message, with or without "
          "a key") {
  posted said{"u1", {true, json("\"hi\"")}, "", {}, 5};
  said.trace =
      sampled_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  auto back = round_trip(said);
  REQUIRE(back.trace);
  CHECK(back.trace->parent == said.trace->parent);
  CHECK(back.key.empty());
  said.key = "c-1#7";
  back = round_trip(said);
  REQUIRE(back.trace);
  CHECK(back.key == "c-1#7");
  auto some = round_trip(directed{said, {"bob"}});
  REQUIRE(some.what.trace);
  CHECK(some.to == std::vector<std::string>{"bob"});
}

TEST_CASE("typing and raw frames come through an envelope") {
  auto typing = round_trip(typing_event{"c-1", "u1", false});
  CHECK(typing.connection_id == "c-1");
  CHECK(typing.user_id == "u1");
  CHECK_FALSE(typing.is_typing);

  auto raw =
      round_trip(relayed{false, std::string("\0\xff\x80", 3)}, raw_lounge);
  CHECK_FALSE(raw.is_text);
  CHECK(raw.bytes == std::string("\0\xff\x80", 3));
  CHECK(round_trip(relayed{true, ""}, raw_lounge).bytes.empty());
}

TEST_CASE("several events come through one envelope, in order") {
  std::vector<room_event_ptr> sent;
  for (auto* text : {"\"1\"", "\"2\""})
    sent.push_back(std::make_shared<const room_event>(
        posted{"u1", {true, json(text)}, "", {}, 5}));
  sent.push_back(
      std::make_shared<const room_event>(typing_event{"c", "u", true}));
  std::size_t taken = 0;
  auto found = decode(encode(ann, {3, 4}, lounge, sent, taken));
  CHECK(taken == 3);
  REQUIRE(found.has_value());
  auto& traffic = std::get<room_traffic>(*found);
  CHECK(traffic.at.sequence == 4);
  REQUIRE(traffic.what.size() == 3);
  CHECK(std::get<posted>(*traffic.what[0]).body.said.bytes == "\"1\"");
  CHECK(std::get<posted>(*traffic.what[1]).body.said.bytes == "\"2\"");
  CHECK(std::holds_alternative<typing_event>(*traffic.what[2]));
}

TEST_CASE("an envelope takes no more events than it may") {
  auto raw = [](std::size_t count, std::size_t size) {
    return std::vector<room_event_ptr>(
        count, std::make_shared<const room_event>(
                   relayed{false, std::string(size, 'x')}));
  };
  auto taken_of = [&](const std::vector<room_event_ptr>& events) {
    std::size_t taken = 0;
    auto bytes = encode(ann, {1, 1}, raw_lounge, events, taken);
    auto found = decode(bytes);
    REQUIRE(found.has_value());
    CHECK(std::get<room_traffic>(*found).what.size() == taken);
    return taken;
  };
  CHECK(taken_of(raw(1'000, 10)) == envelope_events_max);
  CHECK(taken_of(raw(100, 10'000)) == 3);
  // One alone may be as long as it likes.
  CHECK(taken_of(raw(100, 100'000)) == 1);
}

TEST_CASE("several events are checked as one is") {
  auto raw = std::make_tuple(4, std::make_tuple(true, std::string("x")));
  auto typing = std::make_tuple(3, std::make_tuple("c", "u", true));
  auto several = [](std::uint64_t sequence, auto... events) {
    return error_of(packed(1, 5, "ann", 7u, 1u, sequence, 0u, "room",
                           std::make_tuple(events...)));
  };
  CHECK(several(1, typing, typing).empty());
  CHECK(several(1) == "bad or missing field: event");
  CHECK(several(1, typing, 7) == "bad or missing field: event");
  CHECK(several(1, typing, raw) == "bad or missing field: kind");
  CHECK(several(1, std::make_tuple(5, std::make_tuple(typing)))
        == "bad or missing field: kind");
  CHECK(several(1, std::make_tuple(0, 0)) == "bad or missing field: event");
  CHECK(several(~0ull - 1, typing, typing) == "bad or missing field: sequence");
}

TEST_CASE("a node knows its own envelopes without reading them") {
  own_envelopes own{ann};
  CHECK(own.has(encode(node_sign{ann, sign::beat})));
  CHECK(own.has(encode(ann, {1, 2}, lounge, typing_event{"c", "u", true})));
  CHECK_FALSE(own.has(encode(node_sign{{"ann", 7}, sign::beat})));
  CHECK_FALSE(own.has(encode(node_sign{{"bob", ann.incarnation}})));
  CHECK_FALSE(own.has(""));
  CHECK_FALSE(own.has("\x95\x01"));
}

TEST_CASE("a sign tells what its node reads, if it says so") {
  auto found = decode(encode(node_sign{ann, sign::beat}));
  REQUIRE(found.has_value());
  CHECK(std::get<node_sign>(*found).reads == 5);
  found = decode(packed(1, 17, "ann", 7u));
  REQUIRE(found.has_value());
  CHECK(std::get<node_sign>(*found).reads == 0);
}

TEST_CASE("signs of nodes come through an envelope") {
  for (auto says : {sign::hello, sign::beat, sign::bye}) {
    auto found = decode(encode(node_sign{ann, says}));
    REQUIRE(found.has_value());
    CHECK(std::get<node_sign>(*found).says == says);
    CHECK(std::get<node_sign>(*found).from == ann);
  }
}

TEST_CASE("what a newer node adds is ignored") {
  auto found = decode(packed(1, 17, "ann", 7u, 9u, "later", 1.5));
  REQUIRE(found.has_value());
  CHECK(std::get<node_sign>(*found).says == sign::beat);

  auto typing = std::make_tuple("c", "u", true, "since");
  found = decode(packed(1, 3, "ann", 7u, 1u, 2u, 0u, "room", typing, 9));
  REQUIRE(found.has_value());
  CHECK(std::get<room_traffic>(*found).room.id == "room");
}

TEST_CASE("a kind that a newer node knows is told as unknown") {
  auto found = decode(packed(1, 40, "ann", 7u));
  REQUIRE(found.has_value());
  CHECK(std::get<unknown_kind>(*found).kind == 40);
  CHECK_FALSE(std::get<unknown_kind>(*found).at.has_value());

  // Traffic takes a sequence number whether or not this node can read it.
  found = decode(packed(1, 9, "ann", 7u, 2u, 5u, "anything"));
  REQUIRE(found.has_value());
  REQUIRE(std::get<unknown_kind>(*found).at.has_value());
  CHECK(std::get<unknown_kind>(*found).at->sequence == 5);
}

TEST_CASE("an envelope of another version is refused") {
  CHECK(error_of(packed(2, 17, "ann", 7u)) == "bad or missing field: version");
  CHECK(error_of(packed(0, 17, "ann", 7u)) == "bad or missing field: version");
}

TEST_CASE("an envelope with a wrong field is refused by the field's name") {
  auto typing = std::make_tuple("c", "u", true);
  auto traffic = [&](auto node, auto sequence, auto space, auto room) {
    return error_of(packed(1, 3, node, 7u, 1u, sequence, space, room, typing));
  };
  CHECK(traffic("ann", 1u, 0u, "room").empty());
  CHECK(traffic("", 1u, 0u, "room") == "bad or missing field: node");
  CHECK(traffic("a\nb", 1u, 0u, "room") == "bad or missing field: node");
  CHECK(traffic("a\xff", 1u, 0u, "room") == "bad or missing field: node");
  CHECK(traffic(std::string(129, 'a'), 1u, 0u, "room")
        == "bad or missing field: node");
  CHECK(traffic("ann", 0u, 0u, "room") == "bad or missing field: sequence");
  CHECK(traffic("ann", -1, 0u, "room") == "bad or missing field: sequence");
  CHECK(traffic("ann", 1u, 2u, "room") == "bad or missing field: space");
  CHECK(traffic("ann", 1u, 0u, "") == "bad or missing field: room");
  CHECK(traffic("ann", 1u, 0u, "\xc2\x85") == "bad or missing field: room");
  CHECK(traffic("ann", 1u, 0u, std::string(257, 'r'))
        == "bad or missing field: room");
  CHECK(traffic("ann", 1u, 0u, std::string(256, 'r')).empty());
}

TEST_CASE("text that is not UTF-8 does not pass the border") {
  auto raw = [](const char* bytes, bool is_text) {
    return error_of(encode(ann, {1, 1}, raw_lounge, relayed{is_text, bytes}));
  };
  CHECK(raw("\xc3", true) == "bad or missing field: bytes");
  CHECK(raw("\xc3", false).empty());
}

TEST_CASE("a value that is not what its encoding promises does not pass") {
  auto said = [](bool is_text, protocol::value what) {
    return error_of(encode(ann, {1, 1}, lounge,
                           posted{"u", {is_text, std::move(what)}, "", {}, 0}));
  };
  auto msgpack = [](std::string bytes) {
    return protocol::value{protocol::encoding::msgpack, std::move(bytes)};
  };
  constexpr auto refused = "bad or missing field: said";
  CHECK(said(false, json(R"({"a":[1]})")).empty());
  CHECK(said(false, json("\"\xff\"")) == refused);
  CHECK(said(false, json("oops")) == refused);
  CHECK(said(false, json(R"(1,"type":"error")")) == refused);
  CHECK(said(false, json("")) == refused);
  CHECK(said(true, json("1")) == refused); // `text` is a string.
  CHECK(said(true, json("\"1\"")).empty());
  CHECK(said(false, msgpack("\x81\xa1"
                            "a\x01"))
            .empty());
  CHECK(said(false, msgpack("\x81\xa1"
                            "a"))
        == refused);
  CHECK(said(false, msgpack("\x01\x01")) == refused);
  CHECK(said(false, msgpack("\xa1\xff")) == refused);
  CHECK(said(false, msgpack(std::string(600, '\x91') + '\x01')) == refused);
  CHECK(said(true, msgpack("\x01")) == refused);
  CHECK(said(true, msgpack("\xa1"
                           "a"))
            .empty());
  CHECK(said(true, msgpack("\xd9\x01"
                           "a"))
            .empty());
  CHECK(error_of(encode(ann, {1, 1}, lounge,
                        posted{"u", {true, json("\"\"")}, "", json("x"), 0}))
        == "bad or missing field: timestamp");
}

TEST_CASE("an event of the other space's rooms does not pass") {
  CHECK(error_of(encode(ann, {1, 1}, lounge, relayed{true, "x"}))
        == "bad or missing field: kind");
  CHECK(error_of(encode(ann, {1, 1}, raw_lounge, typing_event{"c", "u", true}))
        == "bad or missing field: kind");
}

TEST_CASE("a size that is declared and not there costs nothing") {
  CHECK_FALSE(error_of("\xdd\xff\xff\xff\xff").empty());       // array
  CHECK_FALSE(error_of("\xdf\xff\xff\xff\xff").empty());       // map
  CHECK_FALSE(error_of("\xc6\xff\xff\xff\xff").empty());       // binary
  CHECK_FALSE(error_of(std::string(100'000, '\x91')).empty()); // depth
  CHECK_FALSE(error_of("").empty());
  CHECK(error_of(packed(1, 17, "ann", 7u) + '\xc0')
        == "bytes after the envelope");
}

namespace {

class dice {
public:
  explicit dice(std::uint64_t seed) : from_(seed) {}

  std::uint64_t up_to(std::uint64_t max) { return from_() % (max + 1); }

  std::string text() {
    static constexpr const char* some[] = {"a", "Z", "\"", "\\", "ä", "😀"};
    std::string to;
    for (auto n = up_to(20); n > 0; --n)
      to += some[up_to(5)];
    return to;
  }

  /// Nothing in it needs to be escaped.
  std::string name() {
    std::string to;
    for (auto n = up_to(20); n > 0; --n)
      to += up_to(1) == 0 ? "a" : "ä";
    return to;
  }

  std::string bytes() {
    std::string to(up_to(300), '\0');
    for (auto& byte : to)
      byte = static_cast<char>(from_());
    return to;
  }

  /// A string, so that it may stand as `text` as well.
  protocol::value value() {
    auto what = name();
    if (up_to(1) == 0)
      return json('"' + what + '"');
    return {protocol::encoding::msgpack,
            "\xd9" + std::string(1, static_cast<char>(what.size())) + what};
  }

  posted post() {
    return {text(),
            {up_to(1) == 0, value()},
            text(),
            up_to(1) == 0 ? protocol::value{} : value(),
            static_cast<std::int64_t>(from_())};
  }

  room_event event() {
    switch (up_to(3)) {
    case 0:
      return post();
    case 1:
      return directed{post(), std::vector<std::string>(up_to(64), text())};
    case 2:
      return typing_event{text(), text(), up_to(1) == 0};
    default:
      return relayed{false, bytes()};
    }
  }

private:
  std::mt19937_64 from_;
};

} // namespace

TEST_CASE("any event comes out of an envelope as it went in") {
  dice roll{1};
  for (int i = 0; i < 2'000; ++i) {
    auto event = roll.event();
    bool is_raw = std::holds_alternative<relayed>(event);
    auto bytes = encode(ann, {i + 1u, roll.up_to(~0ull - 1) + 1},
                        is_raw ? raw_lounge : lounge, event);
    auto found = decode(bytes);
    REQUIRE(found.has_value());
    auto& traffic = std::get<room_traffic>(*found);
    // Equal bytes from both mean that nothing was lost.
    CHECK(encode(traffic.from, traffic.at, traffic.room, *traffic.what.front())
          == bytes);
  }
}

TEST_CASE("no truncated or changed envelope does harm") {
  dice roll{2};
  for (int i = 0; i < 300; ++i) {
    auto bytes = encode(ann, {1, 2}, lounge, roll.event());
    for (std::size_t n = 0; n < bytes.size(); ++n)
      REQUIRE_FALSE(decode(bytes.substr(0, n)).has_value());
    for (int change = 0; change < 50; ++change) {
      auto changed = bytes;
      changed[roll.up_to(bytes.size() - 1)] =
          static_cast<char>(roll.up_to(255));
      (void)decode(changed);
    }
    (void)decode(roll.bytes());
  }
}
