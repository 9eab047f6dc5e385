#include "core/protocol/codec.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/dialects.hpp"

using namespace greenroom;
using namespace greenroom::protocol;
using test::in;

namespace {

decoded read(encoding as, std::string_view json, decode_limits limits = {}) {
  return decode(as, in(as, json), limits);
}

template <class What>
What read_as(encoding as, std::string_view json) {
  auto result = read(as, json);
  INFO(json);
  REQUIRE(result.has_value());
  REQUIRE(std::holds_alternative<What>(result->what));
  return std::get<What>(result->what);
}

refusal refused(encoding as, std::string_view json, decode_limits limits = {}) {
  auto result = read(as, json, limits);
  INFO(json);
  REQUIRE(result.has_error());
  return result.error();
}

/// Whether `json` is a bad message and the text names `field`.
bool blames(encoding as, std::string_view json, std::string_view field) {
  auto why = refused(as, json);
  INFO(json << " -> " << to_string(why.code) << ": " << why.text);
  CHECK(why.code == error_code::bad_message);
  return why.text.starts_with(field);
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

std::string message_with(std::string_view fields) {
  return R"({"type":"message","roomId":"r",)" + std::string{fields} + "}";
}

std::string set(std::string_view fields) {
  return R"({"type":"set_state","roomId":"r",)" + std::string{fields} + "}";
}

std::string resume_with(std::string_view rooms) {
  return R"({"type":"resume","session":"s","rooms":)" + std::string{rooms}
         + "}";
}

std::string a(std::size_t count) {
  return std::string(count, 'a');
}

} // namespace

TEST_CASE("[P-3] every request is read, in both dialects") {
  auto as = GENERATE(values(test::dialects));
  read_as<ping>(as, R"({"type":"ping"})");
  CHECK(read_as<auth>(as, R"({"type":"auth","token":"t"})").token == "t");
  auto join = read_as<join_room>(as, R"({"type":"join_room","roomId":"a:b",
    "userId":"u","since":{"epoch":"e","offset":18446744073709551615,"x":[]}})");
  CHECK(join.room_id == "a:b");
  CHECK(join.user_id == "u");
  REQUIRE(join.since.has_value());
  CHECK(join.since->epoch == "e");
  CHECK(join.since->offset == 18446744073709551615U);
  auto bare = read_as<join_room>(as, R"({"type":"join_room","roomId":"r"})");
  CHECK_FALSE(bare.user_id.has_value());
  CHECK_FALSE(bare.since.has_value());
  CHECK(bare.history == 0);
  CHECK(read_as<leave_room>(as, R"({"type":"leave_room","roomId":"r"})").room_id
        == "r");
  CHECK(
      read_as<list_presence>(as, R"({"type":"presence","roomId":"r"})").room_id
      == "r");
}

TEST_CASE("[P-3.20] presence is asked for by connection or by user") {
  auto as = GENERATE(values(test::dialects));
  auto by = [&](const std::string& what) {
    auto asked = read_as<list_presence>(as, R"({"type":"presence","roomId":"r")"
                                                + what + "}");
    CHECK(asked.room_id == "r");
    return asked.by;
  };
  CHECK(by("") == presence_by::connection);
  CHECK(by(R"(,"by":"connection")") == presence_by::connection);
  CHECK(by(R"(,"by":"user")") == presence_by::user);
  for (std::string_view other :
       {R"("users")", R"("User")", R"("")", "null", "1", "true", "[]"}) {
    INFO(other);
    CHECK(blames(as,
                 R"({"type":"presence","roomId":"r","by":)" + std::string{other}
                     + "}",
                 "by"));
  }
  CHECK(blames(as, R"({"type":"presence","by":"user"})", "roomId"));
}

TEST_CASE("[P-3] typing means true unless it says false") {
  auto as = GENERATE(values(test::dialects));
  CHECK(read_as<typing>(as, R"({"type":"typing","roomId":"r"})").is_typing);
  auto no = read_as<typing>(
      as, R"({"type":"typing","roomId":"r","userId":"u","isTyping":false})");
  CHECK_FALSE(no.is_typing);
  CHECK(no.user_id == "u");
  CHECK(
      blames(as, R"({"type":"typing","roomId":"r","isTyping":0})", "isTyping"));
}

TEST_CASE("[P-3] a message carries text or data, event, time and recipients") {
  auto as = GENERATE(values(test::dialects));
  auto said = read_as<message>(
      as, message_with(R"("text":"h\u00e9","event":"e","timestamp":12,
                        "to":["u","v"])"));
  CHECK(said.body.is_text);
  CHECK(said.body.said.bytes == in(as, R"("h\u00e9")"));
  CHECK(said.body.said.in == as);
  CHECK(said.event == "e");
  CHECK(said.timestamp.bytes == in(as, "12"));
  CHECK(said.directed);
  CHECK(said.to == std::vector<std::string>{"u", "v"});
  auto bare = read_as<message>(as, message_with(R"("data":null,"to":"u")"));
  CHECK_FALSE(bare.body.is_text);
  CHECK(bare.body.said.bytes == in(as, "null"));
  CHECK(bare.timestamp.empty());
  CHECK(bare.to == std::vector<std::string>{"u"});
  CHECK_FALSE(read_as<message>(as, message_with(R"("text":"")")).directed);
}

TEST_CASE("[P-3.6] data is kept byte for byte") {
  auto data = R"({ "b" : [1.50,1E2,-0, "\u00e9\/" ] ,"a":1e400, "a":
    123456789012345678901234567890 })";
  auto said = read_as<message>(
      encoding::json, message_with(R"("data": )" + std::string{data} + " "));
  CHECK(said.body.said.bytes == data);
  // Not the shortest forms: an int as uint32, text as str32, an empty map32.
  std::string odd{"\x93\xce\0\0\0\x01\xdb\0\0\0\x01z\xdf\0\0\0\0", 17};
  auto packed = in(encoding::msgpack, message_with(R"("data":"?")"));
  packed.replace(packed.size() - 2, 2, odd);
  auto result = decode(encoding::msgpack, packed, {});
  REQUIRE(result.has_value());
  CHECK(std::get<message>(result->what).body.said.bytes == odd);
}

TEST_CASE("[P-3.5] a timestamp that is no number is as good as none") {
  auto as = GENERATE(values(test::dialects));
  for (auto json : {R"("now")", "null", "[1]", R"({"$float":"nan"})"}) {
    auto said = read_as<message>(
        as, message_with(R"("text":"x","timestamp":)" + std::string{json}));
    CHECK(said.timestamp.empty());
  }
  for (auto json : {"-1", "1.5", "1e3", "9007199254740993"}) {
    auto said = read_as<message>(
        as, message_with(R"("text":"x","timestamp":)" + std::string{json}));
    CHECK(said.timestamp.bytes == in(as, json));
  }
}

TEST_CASE("[P-3] an id is a short string or a 64-bit integer") {
  auto as = GENERATE(values(test::dialects));
  auto id_of = [as](std::string json) {
    auto result = read(as, R"({"type":"ping","id":)" + json + "}");
    REQUIRE(result.has_value());
    return result->id;
  };
  CHECK_FALSE(is_set(read(as, R"({"type":"ping"})")->id));
  CHECK(id_of("\"\"") == request_id{""});
  CHECK(id_of('"' + a(128) + '"') == request_id{a(128)});
  CHECK(id_of("0") == request_id{std::int64_t{0}});
  CHECK(id_of("-9223372036854775808") == request_id{INT64_MIN});
  CHECK(id_of("9223372036854775807") == request_id{INT64_MAX});
  for (auto bad : {'"' + a(129) + '"', std::string{"9223372036854775808"},
                   std::string{"-9223372036854775809"}, std::string{"1.0"},
                   std::string{"1e2"}, std::string{"null"}, std::string{"[]"}})
    CHECK(blames(as, R"({"type":"ping","id":)" + bad + "}", "id:"));
}

TEST_CASE("[P-3.16] history is asked for by a join, or from an offset on") {
  auto as = GENERATE(values(test::dialects));
  auto join = [as](std::string_view history) {
    return read_as<join_room>(as,
                              R"({"type":"join_room","roomId":"r","history":)"
                                  + std::string{history} + "}");
  };
  CHECK(join("0").history == 0);
  CHECK(join("7").history == 7);
  CHECK(join("1000").history == history_messages_max);
  CHECK(join("18446744073709551615").history == history_messages_max);
  auto newest = read_as<read_history>(as, R"({"type":"history","roomId":"r"})");
  CHECK(newest.room_id == "r");
  CHECK_FALSE(newest.from.has_value());
  CHECK(newest.limit == history_messages_usual);
  auto some = read_as<read_history>(as, R"({"type":"history","roomId":"r",
    "from":18446744073709551615,"limit":3})");
  CHECK(some.from == 18446744073709551615U);
  CHECK(some.limit == 3);
  auto all = read_as<read_history>(
      as, R"({"type":"history","roomId":"r","from":0,"limit":4294967297})");
  CHECK(all.from == 0);
  CHECK(all.limit == history_messages_max);
}

TEST_CASE("[P-3.17] state is set, deleted, compared, bound and timed") {
  auto as = GENERATE(values(test::dialects));
  auto bare = read_as<set_state>(as, set(R"("key":"k","value":{"a":[1]})"));
  CHECK(bare.room_id == "r");
  CHECK(bare.key == "k");
  CHECK(bare.said.in == as);
  CHECK(bare.said.bytes == in(as, R"({"a":[1]})"));
  CHECK_FALSE(bare.if_version.has_value());
  CHECK_FALSE(bare.ttl.has_value());
  CHECK_FALSE(bare.bound);
  auto full = read_as<set_state>(as, set(R"("key":"\u00e9","value":false,
    "ifVersion":18446744073709551615,"ttl":2592000000,"bound":true)"));
  CHECK(full.key == "\xc3\xa9");
  CHECK(full.said.bytes == in(as, "false"));
  CHECK(full.if_version == 18446744073709551615U);
  CHECK(full.ttl == state_ttl_max);
  CHECK(full.bound);
  auto gone = read_as<set_state>(
      as, set(R"("key":"k","value":null,"ifVersion":0,"ttl":1,"bound":false)"));
  CHECK(gone.said.empty());
  CHECK(gone.if_version == 0);
  CHECK(gone.ttl == std::chrono::milliseconds{1});
}

TEST_CASE("[P-3.17] a value of the state is kept byte for byte, to its bound") {
  auto json = R"({ "b" : [1.50,1E2, "\u00e9" ] })";
  auto said = read_as<set_state>(
      encoding::json, set(R"("key":"k","value": )" + std::string{json} + " "));
  CHECK(said.said.bytes == json);
  auto text = [](std::size_t bytes) {
    return set(R"("key":"k","value":")" + a(bytes) + '"');
  };
  CHECK(read(encoding::json, text(state_value_bytes_max - 2)).has_value());
  auto why = refused(encoding::json, text(state_value_bytes_max - 1));
  CHECK(why.code == error_code::too_large);
  CHECK(why.text.starts_with("value:"));
  CHECK(read(encoding::msgpack, text(state_value_bytes_max - 3)).has_value());
  CHECK(refused(encoding::msgpack, text(state_value_bytes_max - 2)).code
        == error_code::too_large);
}

TEST_CASE("[P-3.18] a session is resumed with all its rooms at once") {
  auto as = GENERATE(values(test::dialects));
  auto asked = read_as<resume>(as, resume_with(R"({
    "a":{"epoch":"e","offset":1,"x":[{}]},
    "b:c":{"offset":18446744073709551615,"epoch":""}})"));
  CHECK(asked.session == "s");
  REQUIRE(asked.rooms.size() == 2);
  CHECK(asked.rooms.at("a").epoch == "e");
  CHECK(asked.rooms.at("a").offset == 1);
  CHECK(asked.rooms.at("b:c").epoch.empty());
  CHECK(asked.rooms.at("b:c").offset == 18446744073709551615U);
  CHECK(read_as<resume>(as, resume_with("{}")).rooms.empty());
  CHECK_FALSE(asked.user_id);
  CHECK(read_as<resume>(as, R"({"type":"resume","session":"s","rooms":{},)"
                            R"("userId":"ann"})")
            .user_id
        == "ann");
  // The last of two counts, as everywhere.
  asked = read_as<resume>(as, resume_with(R"({
    "a":{"epoch":"e","offset":1},
    "a":{"epoch":"f","epoch":"g","offset":2}})"));
  REQUIRE(asked.rooms.size() == 1);
  CHECK(asked.rooms.at("a").epoch == "g");
  CHECK(asked.rooms.at("a").offset == 2);
  asked = read_as<resume>(as, R"({"type":"resume","session":"s",
    "rooms":{"a":1},"rooms":{"b":{"epoch":"e","offset":2}}})");
  CHECK(asked.rooms.size() == 1);
}

TEST_CASE("[P-3.18] more rooms than a connection may have are too many") {
  auto as = GENERATE(values(test::dialects));
  decode_limits limits;
  limits.rooms = 2;
  std::string_view a = R"("a":{"epoch":"e","offset":1})";
  std::string_view b = R"("b":{"epoch":"e","offset":1})";
  auto rooms = [](std::initializer_list<std::string_view> all) {
    std::string list;
    for (auto each : all)
      list += (list.empty() ? "" : ",") + std::string{each};
    return resume_with('{' + list + '}');
  };
  CHECK(read(as, rooms({a, b}), limits).has_value());
  auto why = refused(as, rooms({a, b, R"("c":1)"}), limits);
  CHECK(why.code == error_code::too_large);
  CHECK(why.text.starts_with("rooms:"));
  CHECK(refused(as, rooms({a, a, a}), limits).code == error_code::too_large);
}

TEST_CASE("[P-5.1] what is asked of history, state and session names its "
          "fields") {
  auto as = GENERATE(values(test::dialects));
  for (auto bad : {"-1", "1.0", R"("1")", "null", "true", "[]"}) {
    std::string_view join = R"({"type":"join_room","roomId":"r","history":)";
    CHECK(blames(as, std::string{join} + bad + '}', "history:"));
    for (auto field : {"from", "limit"})
      CHECK(blames(as,
                   R"({"type":"history","roomId":"r",")" + std::string{field}
                       + "\":" + bad + '}',
                   field));
    for (auto field : {"ifVersion", "ttl"})
      CHECK(blames(
          as,
          set(R"("key":"k","value":1,")" + std::string{field} + "\":" + bad),
          field));
  }
  CHECK(blames(as, R"({"type":"history"})", "roomId"));
  CHECK(blames(as, R"({"type":"history","roomId":"r","limit":0})", "limit"));
  CHECK(blames(as, R"({"type":"set_state","key":"k","value":1})", "roomId"));
  CHECK(blames(as, set(R"("value":1)"), "key"));
  for (auto bad : {"1", "null", R"("")", R"("\n")", R"("\u0085")"})
    CHECK(blames(as, set(R"("value":1,"key":)" + std::string{bad}), "key"));
  CHECK(blames(as, set(R"("value":1,"key":")" + a(129) + '"'), "key"));
  CHECK(read(as, set(R"("value":1,"key":")" + a(128) + '"')).has_value());
  CHECK(blames(as, set(R"("key":"k")"), "value"));
  CHECK(blames(as, set(R"("key":"k","value":1,"ttl":0)"), "ttl"));
  CHECK(blames(as, set(R"("key":"k","value":1,"ttl":2592000001)"), "ttl"));
  CHECK(blames(as, set(R"("key":"k","value":1,"bound":1)"), "bound"));
  CHECK(blames(as, R"({"type":"resume","rooms":{}})", "session"));
  CHECK(blames(as, R"({"type":"resume","rooms":{},"session":""})", "session"));
  CHECK(blames(as,
               R"({"type":"resume","rooms":{},"session":")" + a(129) + "\"}",
               "session"));
  CHECK(blames(as, R"({"type":"resume","session":"s"})", "rooms:"));
  CHECK(blames(as, R"({"type":"resume","session":"s","userId":7})", "userId"));
  for (auto bad : {"1", "null", "[]", R"("r")", R"({"r":1})", R"({"r":[]})",
                   R"({"":{"epoch":"e","offset":1}})",
                   R"({"\u0001":{"epoch":"e","offset":1}})"})
    CHECK(blames(as, resume_with(bad), "rooms:"));
  CHECK(blames(as, resume_with(R"({"r":{"offset":1}})"), "rooms.epoch:"));
  CHECK(blames(as, resume_with(R"({"r":{"epoch":"e","offset":-1}})"),
               "rooms.offset:"));
}

TEST_CASE("[P-3.1] a room id has 1 to 256 bytes and no control character") {
  auto as = GENERATE(values(test::dialects));
  auto join = [](std::string room) {
    return R"({"type":"join_room","roomId":")" + room + "\"}";
  };
  CHECK(read_as<join_room>(as, join(a(256))).room_id.size() == 256);
  CHECK(read_as<join_room>(as, join("\xc2\xa0")).room_id == "\xc2\xa0");
  for (auto bad :
       {a(0), a(257), std::string{"a\\u0000"}, std::string{"\\n"},
        std::string{"\\u007f"}, std::string{"\\u0080"}, std::string{"\\u009f"}})
    CHECK(blames(as, join(bad), "roomId"));
  CHECK(blames(as, R"({"type":"join_room"})", "roomId"));
  CHECK(blames(as, R"({"type":"leave_room","roomId":1})", "roomId"));
  CHECK(blames(as, R"({"type":"presence","roomId":null})", "roomId"));
}

TEST_CASE("[P-3.1] a name is UTF-8") {
  CHECK(is_name("\xc3\xa9", 2));
  CHECK_FALSE(is_name("\xc3\xa9", 1));
  CHECK_FALSE(is_name("\xc3", 9));
  CHECK_FALSE(is_name("\xff", 9));
  CHECK_FALSE(is_name("", 9));
}

TEST_CASE("[P-5.1] a bad message names the field") {
  auto as = GENERATE(values(test::dialects));
  CHECK(blames(as, "{}", "type"));
  CHECK(blames(as, R"({"type":1})", "type"));
  CHECK(blames(as, R"({"type":"auth"})", "token"));
  CHECK(blames(as, R"({"type":"auth","token":""})", "token"));
  CHECK(blames(as, R"({"type":"auth","token":")" + a(16385) + "\"}", "token"));
  CHECK(blames(as, message_with(R"("x":1)"), "text, data"));
  CHECK(blames(as, message_with(R"("text":"","data":1)"), "text, data"));
  CHECK(blames(as, message_with(R"("text":1)"), "text:"));
  CHECK(blames(as, message_with(R"("text":"","event":1)"), "event"));
  CHECK(blames(as, message_with(R"("text":"","event":")" + a(257) + '"'),
               "event"));
  for (auto to : {"[]", "null", "1", "{}", "[1]", R"(["u",1])", R"("")",
                  R"(["u",""])", R"(["\u0001"])"})
    CHECK(
        blames(as, message_with(R"("text":"","to":)" + std::string{to}), "to"));
  for (auto since :
       {"1", "[]", "null", "{}", R"({"epoch":1,"offset":1})",
        R"({"epoch":"e"})", R"({"epoch":"e","offset":-1})",
        R"({"epoch":"e","offset":1.0})", R"({"epoch":"e","offset":"1"})"})
    CHECK(blames(as,
                 R"({"type":"join_room","roomId":"r","since":)"
                     + std::string{since} + "}",
                 "since"));
  CHECK(
      blames(as, R"({"type":"join_room","roomId":"r","userId":""})", "userId"));
  CHECK(blames(as, R"({"type":"typing","roomId":"r","userId":1})", "userId"));
}

TEST_CASE("[P-5.1] a refusal carries id and room, wherever they stand") {
  auto as = GENERATE(values(test::dialects));
  auto why =
      refused(as, R"({"type":"message","text":1,"roomId":"r","id":"7"})");
  CHECK(why.id == request_id{"7"});
  CHECK(why.room_id == "r");
  why = refused(as, R"({"roomId":"","id":[],"type":"ping"})");
  CHECK_FALSE(is_set(why.id));
  CHECK(why.room_id == "");
}

TEST_CASE("[P-5.1] a type that this node does not know is refused as such") {
  auto as = GENERATE(values(test::dialects));
  for (auto type : {"", "Ping", "SET_STATE", "state", "resumed", "ack"}) {
    auto why = refused(as, R"({"id":3,"type":")" + std::string{type} + "\"}");
    CHECK(why.code == error_code::unknown_type);
    CHECK(why.id == request_id{std::int64_t{3}});
    CHECK(why.text.find(type) != std::string::npos);
  }
  auto why = refused(as, R"({"type":")" + a(1000) + "\"}");
  CHECK(why.text.size() < 100);
}

TEST_CASE("[P-3.7] more recipients than the limit are too many") {
  auto as = GENERATE(values(test::dialects));
  decode_limits limits;
  limits.recipients = 2;
  auto to = [](std::string_view list) {
    return message_with(R"("text":"","to":)" + std::string{list});
  };
  CHECK(read(as, to(R"(["a","b"])"), limits).has_value());
  CHECK(refused(as, to(R"(["a","b","c"])"), limits).code
        == error_code::too_large);
  CHECK(refused(as, to(R"(["a","b","c","d",1])"), limits).code
        == error_code::too_large);
}

TEST_CASE("[P-3.6] unknown fields are ignored, and the last of two counts") {
  auto as = GENERATE(values(test::dialects));
  auto said = read_as<message>(as, R"({"x":{"type":"ping"},"type":"ping",
    "type":"message","roomId":"a","roomId":"b","":1,"text":"t","to":["u"],
    "to":"v","id":null,"id":1,"since":[[]],"token":{}})");
  CHECK(said.room_id == "b");
  CHECK(said.to == std::vector<std::string>{"v"});
  auto join = read_as<join_room>(as, R"({"type":"join_room","roomId":"r",
    "since":{"epoch":"a","offset":1},
    "since":{"epoch":"b","epoch":"c","offset":2}})");
  CHECK(join.since->epoch == "c");
  CHECK(blames(as, R"({"type":"join_room","roomId":"r",
    "since":{"epoch":"a","offset":1},"since":{"epoch":"b"}})",
               "since.offset"));
}

TEST_CASE("[P-7] a message that nests deeper than the limit is refused") {
  auto as = GENERATE(values(test::dialects));
  decode_limits limits;
  limits.depth = 4;
  auto data = [](std::size_t levels) {
    return R"({"id":1,"roomId":"r","type":"message","data":)" + nested(levels)
           + "}";
  };
  CHECK(read(as, data(3), limits).has_value());
  auto why = refused(as, data(4), limits);
  CHECK(why.code == error_code::bad_message);
  CHECK(why.text.find("depth") != std::string::npos);
  CHECK(why.id == request_id{std::int64_t{1}});
  CHECK(why.room_id == "r");
  CHECK(read(as, R"({"type":"ping","x":[[[]]]})", limits).has_value());
  CHECK(refused(as, R"({"type":"ping","x":[[[{}]]]})", limits).code
        == error_code::bad_message);
  std::string_view rooms = R"({"type":"resume","session":"s","rooms":{"r":)"
                           R"({"epoch":"e","offset":1,"x":)";
  CHECK(read(as, std::string{rooms} + "[]}}}", limits).has_value());
  CHECK(refused(as, std::string{rooms} + "[[]]}}}", limits).code
        == error_code::bad_message);
  CHECK(read(as, data(63)).has_value());
  CHECK(refused(as, data(64)).code == error_code::bad_message);
  limits.depth = 4'000'000'000;
  CHECK(read(as, data(depth_max - 1), limits).has_value());
  // The ceiling: no setting leads to a deeper recursion than it.
  CHECK(decode(encoding::json, data(depth_max), limits).error().code
        == error_code::bad_message);
}

TEST_CASE("[P-7] half a million brackets are refused at once") {
  auto bytes = R"({"type":"ping","x":)" + std::string(500'000, '[');
  CHECK(decode(encoding::json, bytes, {}).has_error());
  std::string packed =
      "\x82\xa4type\xa4ping\xa1x" + std::string(500'000, '\x91');
  CHECK(decode(encoding::msgpack, packed, {}).error().code
        == error_code::bad_message);
}

TEST_CASE("[P-5.1] what is not one JSON object is bad JSON") {
  for (std::string_view bad : {"",
                               " ",
                               "[]",
                               "1",
                               "null",
                               R"("x")",
                               "{",
                               "}",
                               "{}{}",
                               "{} 1",
                               "{},",
                               R"({"type":"ping"}})",
                               R"({"type":"ping",})",
                               R"({"type" "ping"})",
                               R"({"type":"ping" "x":1})",
                               R"({type:"ping"})",
                               R"({"type":'ping'})",
                               R"({"type":"ping","x":01})",
                               R"({"type":"ping","x":1.})",
                               R"({"type":"ping","x":.5})",
                               R"({"type":"ping","x":+1})",
                               R"({"type":"ping","x":NaN})",
                               R"({"type":"ping","x":-})",
                               R"({"type":"ping","x":1e})",
                               R"({"type":"ping","x":nul})",
                               R"({"type":"ping","x":truex})",
                               R"({"type":"ping","x":[1,]})",
                               R"({"type":"ping","x":[1 2]})",
                               R"({"type":"ping","x":{"a":"b":1}})",
                               R"({"type":"ping","x":"\x"})",
                               R"({"type":"ping","x":"\ud800"})",
                               R"({"type":"ping","x":{"\udc00":1}})",
                               "{\"type\":\"ping\",\"x\":\"\n\"}",
                               "{\"type\":\"ping\",\"x\":\"\xff\"}",
                               "\xef\xbb\xbf{}",
                               "{\"type\":\"ping\"}\xc3",
                               R"({"type":"ping","x":[}]})"}) {
    INFO(bad);
    auto result = decode(encoding::json, bad, {});
    REQUIRE(result.has_error());
    CHECK(result.error().code == error_code::bad_json);
  }
}

TEST_CASE("[P-5.1] what is not one MessagePack map is bad JSON, too") {
  using namespace std::string_view_literals;
  for (std::string_view bad :
       {""sv, "\x90"sv, "\x01"sv, "\xc0"sv, "\xc1"sv, "\x81"sv, "\x81\xa1"sv,
        "\x80\x80"sv, "\x80\xc0"sv, "\xde\x00"sv, "\xdf\xff\xff\xff\xff"sv,
        "\x81\xa4type"sv, "\x81\xa1\xff\x01"sv, "\x81\x01\xa1\xff"sv,
        "\x82\xa4type\xa4ping\xa1x\xc1"sv,
        "\x82\xa4type\xa4ping\xa1x\xdd\xff\xff\xff\xff"sv,
        "\x82\xa4type\xa4ping\xa1x\xdb\xff\xff\xff\xff"sv,
        "\x82\xa4type\xa4ping\xa1x\x91\x81\xa1\xc3\x01"sv}) {
    auto result = decode(encoding::msgpack, bad, {});
    REQUIRE(result.has_error());
    CHECK(result.error().code == error_code::bad_json);
  }
}

TEST_CASE("[P-3.6] MessagePack keys that are no text are ignored") {
  std::string bytes = "\x84\xa4type\xa4ping\x01\x02\xc0\x90\x81\x01\x02\xa1z";
  CHECK(decode(encoding::msgpack, bytes, {}).has_value());
  // The wide headers mean the same as the short ones.
  CHECK(decode(encoding::msgpack,
               std::string{"\xde\0\x01\xd9\x04type\xda\0\x04ping", 16}, {})
            .has_value());
}
