// Random messages: the seed is fixed and told with a failure.

#include <string>
#include <vector>

#include <zlib.h>

#include "core/deflater.hpp"
#include "core/inflater.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client_frames.hpp"
#include "tests/support/frame_ear.hpp"
#include "tests/support/mutate.hpp"

using namespace greenroom;
using namespace std::string_literals;
using test::begins;
using test::form;
using test::frame;
using test::goes_on;
using test::pick;
using verdict = ws::inflated::verdict;

namespace {

constexpr std::uint32_t seed = 20261123;
constexpr form rsv1{true, 4};
constexpr form rsv1_begins{false, 4};

Bytef* bytes_of(const std::string& from) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
}

/// Words that come again near and far, runs, and noise.
std::string random_message(test::random& dice, std::size_t most) {
  static const std::vector<std::string> words{"\"type\":\"message\",",
                                              "\"roomId\":\"lobby\",",
                                              "{\"x\":",
                                              "}",
                                              "\xc3\xa9",
                                              std::string(30, 'a'),
                                              "true"};
  std::string text;
  auto length = pick(dice, most) + 1;
  while (text.size() < length)
    switch (pick(dice, 8)) {
    case 0:
      for (auto n = pick(dice, 20); n > 0; --n)
        text += static_cast<char>(dice());
      break;
    case 1:
      text += std::to_string(dice());
      break;
    case 2: {
      auto from = pick(dice, text.size() + 1);
      text += text.substr(from, pick(dice, 300));
      break;
    }
    default:
      text += words[pick(dice, words.size())];
    }
  return text;
}

/// As a reader with no more memory than that window: byte by byte, so that
/// zlib cannot look back into what it has just given.
std::string strictly_inflated(std::string_view compressed, int window_bits) {
  z_stream z{};
  REQUIRE(inflateInit2(&z, -window_bits) == Z_OK);
  auto bytes = std::string{compressed} + "\0\0\xff\xff"s;
  z.next_in = bytes_of(bytes);
  z.avail_in = static_cast<uInt>(bytes.size());
  std::string all;
  int result = Z_OK;
  while (result == Z_OK) {
    Bytef byte;
    z.next_out = &byte;
    z.avail_out = 1;
    result = inflate(&z, Z_SYNC_FLUSH);
    if (z.avail_out == 0)
      all += static_cast<char>(byte);
  }
  inflateEnd(&z);
  return result == Z_BUF_ERROR && z.avail_in == 0 ? all : "(broken)";
}

/// A client that keeps its context, or not.
class sender {
public:
  explicit sender(int window_bits) {
    REQUIRE(
        deflateInit2(&z_, 6, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY)
        == Z_OK);
  }
  ~sender() { deflateEnd(&z_); }

  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  std::string deflated(const std::string& text) {
    std::string out(deflateBound(&z_, text.size()) + 64, '\0');
    z_.next_in = bytes_of(text);
    z_.avail_in = static_cast<uInt>(text.size());
    z_.next_out = bytes_of(out);
    z_.avail_out = static_cast<uInt>(out.size());
    deflate(&z_, Z_SYNC_FLUSH);
    REQUIRE(z_.avail_out > 0);
    return out.substr(0, out.size() - z_.avail_out - 4);
  }

private:
  z_stream z_{};
};

std::string alone(const std::string& text) {
  return sender{15}.deflated(text);
}

std::string heard(const std::string& bytes, std::size_t piece = 1 << 20,
                  std::uint32_t message_bytes_max = 1 << 20) {
  return test::heard_of(bytes, piece, message_bytes_max, true);
}

struct reading {
  ws::inflater by{15};
  ws::inflate_space space;

  ws::inflated operator()(std::string_view message,
                          std::size_t bytes_max = 1 << 20) {
    return by.inflate_alone(message, bytes_max, space);
  }
  ws::inflated next(std::string_view message, std::size_t bytes_max = 1 << 20) {
    return by.inflate_next(message, bytes_max, space);
  }
};

} // namespace

TEST_CASE("what is compressed for a window is read with no more than it") {
  INFO("seed " << seed);
  test::random dice{seed};
  reading read;
  for (int level : {1, 4, 9}) {
    ws::deflater by{level};
    for (int round = 0; round < 60; ++round) {
      auto text = random_message(dice, round % 3 == 0 ? 50'000 : 2'000);
      for (std::uint8_t agreed = 8; agreed <= 15; ++agreed) {
        auto bits = ws::deflater::window_for(text.size(), agreed);
        CAPTURE(level, round, agreed, bits);
        CHECK(bits <= agreed);
        auto compressed = by.deflate(text, bits);
        if (compressed.empty())
          continue;
        CHECK(compressed.size() < text.size());
        CHECK((strictly_inflated(compressed, bits) == text));
        auto got = read(compressed);
        CHECK(got.what == verdict::whole);
        CHECK((got.bytes == text));
      }
    }
  }
}

TEST_CASE("a message gets no larger window than it can use") {
  CHECK(ws::deflater::window_for(250, 15) == 9);
  CHECK(ws::deflater::window_for(251, 15) == 10);
  CHECK(ws::deflater::window_for(1'024, 15) == 11);
  CHECK(ws::deflater::window_for(40'000, 15) == 15);
  CHECK(ws::deflater::window_for(40'000, 12) == 12);
  CHECK(ws::deflater::window_for(100, 8) == 8);
}

TEST_CASE("what would not be shorter is not compressed") {
  ws::deflater by{4};
  test::random dice{seed};
  for (std::size_t length : {0u, 1u, 2u, 5u, 100u, 5'000u}) {
    std::string noise;
    while (noise.size() < length)
      noise += static_cast<char>(dice());
    CHECK(by.deflate(noise, 12).empty());
  }
  CHECK_FALSE(by.deflate(std::string(1'000, 'x'), 12).empty());
  CHECK(by.calls() == 7);
}

TEST_CASE("[RFC 7692, 7.2.3] the examples are read") {
  reading read;
  CHECK(read("\xf2\x48\xcd\xc9\xc9\x07\x00"s).bytes == "Hello");
  CHECK(read.next("\xf2\x00\x11\x00\x00"s).bytes == "Hello");
  CHECK(read("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s).bytes == "Hello");
  CHECK(read("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s).bytes == "Hello");
  CHECK(read("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s).bytes
        == "Hello");
  CHECK(read("\x00"s).what == verdict::whole);
  CHECK(read("\x00"s).bytes.empty());
  // And as some clients say nothing, or end with a last block.
  CHECK(read("").what == verdict::whole);
  CHECK(read("\xf3\x48\xcd\xc9\xc9\x07\x00"s).bytes == "Hello");
  CHECK(read("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s)
            .bytes
        == "HelloHello");
}

TEST_CASE(
    "[RFC 7692, 7.2.3.4] blocks behind a last one may look back over it") {
  std::string text = "something to look back to";
  auto last = [&](bool looks_back) {
    z_stream z{};
    REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY)
            == Z_OK);
    if (looks_back)
      deflateSetDictionary(&z, bytes_of(text), static_cast<uInt>(text.size()));
    std::string out(100, '\0');
    z.next_in = bytes_of(text);
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = bytes_of(out);
    z.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
    auto left = z.avail_out;
    deflateEnd(&z);
    return out.substr(0, out.size() - left);
  };
  reading read;
  CHECK(last(true).size() < last(false).size());
  CHECK(read(last(false) + last(true)).bytes == text + text);
  CHECK(read(last(false)).bytes == text);
  CHECK(read.next(last(true)).bytes == text);
  CHECK(read(last(true)).what == verdict::broken);
}

TEST_CASE("[RFC 7692, 7.1.1] a sender's context goes on where it was agreed") {
  INFO("seed " << seed);
  test::random dice{seed};
  for (int bits = 9; bits <= 15; ++bits) {
    sender from{bits};
    ws::inflater by{static_cast<std::uint8_t>(bits)};
    ws::inflate_space space;
    for (int round = 0; round < 40; ++round) {
      auto text = random_message(dice, 3'000);
      auto got = by.inflate_next(from.deflated(text), 1 << 20, space);
      CAPTURE(bits, round);
      CHECK(got.what == verdict::whole);
      CHECK((got.bytes == text));
    }
  }
  // And only there: who is read alone has none.
  sender from{15};
  reading read;
  std::string text = "something to look back to";
  CHECK(read(from.deflated(text)).bytes == text);
  CHECK(read(from.deflated(text)).what == verdict::broken);
  CHECK(read(alone(text)).bytes == text);
}

TEST_CASE("[P-7] a bomb takes no more memory than a message may") {
  constexpr std::size_t bytes_max = 100'000;
  reading read;
  auto bomb = alone(std::string(20'000'000, 'x'));
  CHECK(bomb.size() < 25'000);
  CHECK(read(bomb, bytes_max).what == verdict::too_big);
  CHECK(read.space.capacity() <= bytes_max + 1);
  CHECK(read(alone(std::string(bytes_max + 1, 'x')), bytes_max).what
        == verdict::too_big);
  auto fits = read(alone(std::string(bytes_max, 'x')), bytes_max);
  CHECK(fits.what == verdict::whole);
  CHECK(fits.bytes.size() == bytes_max);
  // And the next small one gives the space back.
  CHECK(read(alone("small"), bytes_max).bytes == "small");
  CHECK(read.space.capacity() <= ws::inflate_space::bytes_kept);
  for (std::size_t most : {1u, 64u, 65'535u, 65'536u, 65'537u})
    for (std::size_t more : {0u, 1u, 2u}) {
      auto got = read(alone(std::string(most - 1 + more, 'y')), most);
      CAPTURE(most, more);
      CHECK(got.what == (more == 2 ? verdict::too_big : verdict::whole));
    }
}

TEST_CASE("what is cut off or damaged is never more than it was") {
  INFO("seed " << seed);
  test::random dice{seed};
  reading read;
  std::string any;
  for (int i = 0; i < 256; ++i)
    any += static_cast<char>(i);
  auto text = random_message(dice, 3'000);
  auto good = alone(text);
  std::size_t broken = 0;
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    auto got = read(good.substr(0, cut));
    broken += got.what == verdict::broken;
    CHECK(text.starts_with(got.bytes));
  }
  CHECK(broken > good.size() * 9 / 10);
  for (int round = 0; round < 5'000; ++round) {
    auto got = read(test::mutated(dice, good, any), 4'000);
    CHECK(got.bytes.size() <= 4'000);
    if (got.what != verdict::whole)
      CHECK(got.bytes.empty());
  }
  CHECK((read(good).bytes == text)); // None of it has left a trace.
}

// -- compressed frames --------------------------------------------------------

TEST_CASE("[RFC 7692, 6] compressed messages come inflated, in any pieces") {
  std::string large(70'000, 'z');
  auto packed = alone("compressed in three frames");
  auto all = frame(1, alone("text \xe2\x98\x83"), rsv1) + frame(1, "plain")
             + frame(2, alone("\0\xff"s), rsv1)
             + frame(1, packed.substr(0, 5), rsv1_begins) + frame(9, "p")
             + frame(0, packed.substr(5, 0), goes_on)
             + frame(0, packed.substr(5)) + frame(2, alone(large), rsv1)
             + frame(1, "plain, ", begins) + frame(0, "too")
             + frame(1, "\0"s, rsv1);
  auto whole = heard(all);
  CHECK(whole
        == "t:text \xe2\x98\x83 t:plain b:\0\xff ping:p "s
               + "t:compressed in three frames b:" + large
               + " t:plain, too t: ");
  for (std::size_t piece : {1u, 2u, 3u, 7u, 64u, 1'000u})
    CHECK(heard(all, piece) == whole);
}

TEST_CASE("[RFC 7692, 6] RSV1 elsewhere than agreed on ends with 1002") {
  auto packed = alone("hello");
  std::string broken[] = {
      frame(9, "", rsv1),
      frame(10, "", rsv1),
      frame(8, "", rsv1),
      frame(1, packed, rsv1_begins) + frame(0, "", rsv1),
      frame(1, "x", begins) + frame(0, packed, rsv1),
      frame(1, packed, {true, 5}),
      frame(1, packed, {true, 6}),
      frame(1, packed, {true, 2}),
      frame(1, packed, {true, 1}),
      frame(3, packed, rsv1),
  };
  for (const auto& each : broken)
    for (std::size_t piece : {1u, 1'000u})
      CHECK(heard(each + frame(1, "after"), piece) == "bad:1002 ");
  CHECK(test::heard_of(frame(1, packed, rsv1)) == "bad:1002 ");
}

TEST_CASE("[P-7] the limit holds for what was compressed and for what it is") {
  auto most = [](const std::string& bytes) {
    return heard(bytes, 1 << 20, 1'000);
  };
  std::string fits(1'000, 'x');
  CHECK(most(frame(2, alone(fits), rsv1)) == "b:" + fits + ' ');
  CHECK(most(frame(2, alone(fits + 'x'), rsv1)) == "bad:1009 ");
  // What does not get shorter may be as long as it is.
  test::random dice{seed};
  std::string noise;
  while (noise.size() < 1'000)
    noise += static_cast<char>(dice());
  CHECK(alone(noise).size() > noise.size());
  CHECK((most(frame(2, alone(noise), rsv1)) == "b:" + noise + ' '));
  // And is refused before it comes when it is far longer, in pieces as well.
  CHECK(most(frame(2, std::string(1'200, 'x'), rsv1).substr(0, 8))
        == "bad:1009 ");
  CHECK(most(frame(2, std::string(600, 'x'), rsv1_begins)
             + frame(0, std::string(600, 'x')).substr(0, 8))
        == "bad:1009 ");
  CHECK(most(frame(2, "x", begins) + frame(0, std::string(1'000, 'x')))
        == "bad:1009 ");
}

TEST_CASE("[RFC 6455, 8.1] compressed text is UTF-8, and deflate is deflate") {
  CHECK(heard(frame(1, alone("ok \xff"), rsv1)) == "bad:1007 ");
  CHECK(heard(frame(1, alone("ends in \xe2\x82"), rsv1)) == "bad:1007 ");
  CHECK(heard(frame(2, alone("ok \xff"), rsv1)) == "b:ok \xff ");
  auto packed = alone("hello, hello, hello");
  CHECK(heard(frame(1, packed.substr(0, packed.size() / 2), rsv1))
        == "bad:1007 ");
  CHECK(heard(frame(1, "\xff\xff\xff", rsv1) + frame(1, "after"))
        == "bad:1007 ");
}
