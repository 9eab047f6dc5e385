#include "core/frame_reader.hpp"

#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/client_frames.hpp"
#include "tests/support/frame_ear.hpp"

using namespace greenroom;
using test::begins;
using test::form;
using test::frame;
using test::frame_ear;
using test::goes_on;
using test::heard_of;
using ws::frame_reader;

TEST_CASE("frames come as messages, whatever pieces they come in") {
  std::string large(70'000, 'x');
  auto all = frame(1, "hi") + frame(2, std::string("\0\xff", 2)) + frame(9, "p")
             + frame(1, "") + frame(1, std::string(200, 'y')) + frame(2, large)
             + frame(10, "unasked") + frame(1, "end");
  auto whole = heard_of(all);
  CHECK(whole
        == "t:hi " + std::string("b:\0\xff ", 5) + "ping:p t: t:"
               + std::string(200, 'y') + " b:" + large + " t:end ");
  for (std::size_t piece : {1u, 2u, 3u, 7u, 64u, 1'000u, 65'536u})
    CHECK(heard_of(all, piece) == whole);
}

TEST_CASE("[RFC 6455, 5.4] fragments are one message, controls come between") {
  auto all = frame(1, "on", begins) + frame(9, "1") + frame(0, "e", goes_on)
             + frame(9, "2") + frame(0, "", goes_on) + frame(0, " two")
             + frame(2, "", begins) + frame(0, "");
  for (std::size_t piece : {1u, 2u, 5u, 1'000u})
    CHECK(heard_of(all, piece) == "ping:1 ping:2 t:one two b: ");
}

TEST_CASE("[RFC 6455, 5.2] what breaks the rules of frames ends with 1002") {
  std::string broken[] = {
      frame(1, "x", {true, 4}),
      frame(1, "x", {true, 2}),
      frame(1, "x", {true, 1}),
      frame(3, "x"),
      frame(7, "x"),
      frame(11, "x"),
      frame(15, "x"),
      frame(1, "x", {true, 0, false}),
      frame(1, "x", {true, 0, true, 16}),
      frame(1, "x", {true, 0, true, 64}),
      frame(1, std::string(200, 'x'), {true, 0, true, 64}),
      std::string("\x82\xff\x80\0\0\0\0\0\0\0abcd", 14),
      frame(9, "x", begins),
      frame(9, std::string(126, 'x')),
      frame(0, "x"),
      frame(1, "a", begins) + frame(1, "b"),
      frame(2, "a", begins) + frame(1, "b"),
      frame(8, "x"),
  };
  for (const auto& each : broken)
    for (std::size_t piece : {1u, 1'000u})
      CHECK(heard_of(each + frame(1, "after"), piece) == "bad:1002 ");
}

TEST_CASE("[P-7] a message beyond the limit is refused before it comes") {
  auto heard = [](const std::string& bytes) {
    return heard_of(bytes, 1 << 20, 10);
  };
  CHECK(heard(frame(2, "0123456789")) == "b:0123456789 ");
  CHECK(heard(frame(2, "01234567890").substr(0, 6)) == "bad:1009 ");
  CHECK(heard(frame(2, "012345", begins) + frame(0, "6789"))
        == "b:0123456789 ");
  CHECK(heard(frame(2, "012345", begins) + frame(0, "67890")) == "bad:1009 ");
}

TEST_CASE("[RFC 6455, 8.1] text is UTF-8, and fails where it is none") {
  std::string_view good =
      "κόσμε \xf0\x9f\x98\x80 \xed\x9f\xbf \xf4\x8f\xbf\xbf";
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    auto bytes =
        frame(1, good.substr(0, cut), begins) + frame(0, good.substr(cut));
    CHECK(heard_of(bytes) == "t:" + std::string{good} + ' ');
    CHECK(heard_of(bytes, 1) == "t:" + std::string{good} + ' ');
  }
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\x80", "\xe0\x80\xaf",
                          "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5", "\xff",
                          "a\xce", "\xf0\x9f\x98", "\xce\xce"}) {
    CHECK(heard_of(frame(1, bad)) == "bad:1007 ");
    CHECK(heard_of(frame(1, bad), 1) == "bad:1007 ");
  }
  // At the byte that makes it wrong, though the frame goes on.
  for (const char* bad : {"\x80", "\xc0", "\xe0\x9f", "\xed\xa0", "\xf0\x8f",
                          "\xf4\x90", "\xf5", "\xe2\x82\x28"}) {
    std::string text = std::string("ok ") + bad;
    auto begun = frame(1, text + "and more of it");
    CHECK(heard_of(begun.substr(0, 6 + text.size())) == "bad:1007 ");
  }
  CHECK(heard_of(frame(2, "\xff")) == "b:\xff ");
}

TEST_CASE("[RFC 6455, 7.4] a close frame is heard once, with what it may say") {
  auto close = [](int code, const std::string& why = {}) {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code)};
    return heard_of(frame(8, payload + why) + frame(1, "after"));
  };
  CHECK(heard_of(frame(8, "") + frame(1, "after")) == "close:1005: ");
  CHECK(close(1000, "bye") == "close:1000:bye ");
  for (int code : {1001, 1002, 1003, 1007, 1014, 3000, 3999, 4000, 4999})
    CHECK(close(code) == "close:" + std::to_string(code) + ": ");
  for (int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535})
    CHECK(close(code) == "bad:1002 ");
  CHECK(close(1000, "\xff") == "bad:1007 ");
}

TEST_CASE("who wants no more is given no more, and the rest later") {
  auto bytes = frame(1, "a") + frame(9, "p") + frame(1, "b") + frame(1, "c");
  frame_reader reader{100};
  frame_ear to;
  to.messages_left = 2;
  auto used = reader.read(bytes.data(), bytes.size(), to);
  CHECK(to.heard == "t:a ping:p t:b ");
  CHECK(used == bytes.size() - frame(1, "c").size());
  to.messages_left = -1;
  CHECK(reader.read(bytes.data() + used, bytes.size() - used, to)
        == bytes.size() - used);
  CHECK(to.heard == "t:a ping:p t:b t:c ");
}

TEST_CASE("a mask is taken off at any length") {
  for (std::size_t length = 0; length < 40; ++length) {
    std::string plain;
    for (std::size_t i = 0; i < length; ++i)
      plain += static_cast<char>('a' + i % 26);
    CHECK(heard_of(frame(2, plain)) == "b:" + plain + ' ');
    CHECK(heard_of(frame(2, plain), 5) == "b:" + plain + ' ');
  }
}

TEST_CASE("any bytes in any pieces are heard alike") {
  constexpr unsigned seed = 20261122;
  INFO("seed " << seed);
  std::mt19937 random{seed};
  auto up_to = [&](std::size_t most) {
    return random() % (most + 1);
  };
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes;
    for (auto n = up_to(6); n > 0; --n) {
      static constexpr int opcodes[] = {0, 0, 1, 1, 2, 9, 10, 8, 3};
      form how;
      how.fin = up_to(2) != 0;
      std::string payload(up_to(1) == 0 ? up_to(5) : up_to(300), 'x');
      if (up_to(5) == 0 && !payload.empty())
        payload[up_to(payload.size() - 1)] = static_cast<char>(random());
      bytes += frame(opcodes[up_to(8)], payload, how);
    }
    if (up_to(3) == 0 && !bytes.empty())
      bytes[up_to(bytes.size() - 1)] = static_cast<char>(random());
    auto whole = heard_of(bytes);
    CHECK(heard_of(bytes, 1) == whole);
    CHECK(heard_of(bytes, 1 + up_to(40)) == whole);
  }
}
