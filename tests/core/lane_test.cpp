#include <array>
#include <string>

#include "core/lane.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;

namespace {

/// A lane and its writer; frame n is `bytes` of the n-th letter.
struct stream {
  void append(std::size_t bytes, std::uint64_t offset) {
    std::string frame(bytes, static_cast<char>('a' + frames++ % 26));
    all += frame;
    lane.extend(
        writer.append(frame.substr(0, bytes / 2), frame.substr(bytes / 2)),
        offset);
  }

  [[nodiscard]] std::string read(lane::position from, lane::position to) {
    std::array<iovec, 256> ranges;
    std::string got;
    auto used = lane.gather(from, to, ranges);
    for (std::size_t i = 0; i < used; ++i)
      got.append(static_cast<const char*>(ranges[i].iov_base),
                 ranges[i].iov_len);
    return got;
  }

  lane_writer writer;
  greenroom::lane lane;
  std::string all;
  int frames = 0;
};

} // namespace

TEST_CASE_METHOD(stream, "a lane gives back any part of what was appended") {
  for (std::uint64_t i = 1; i <= 40; ++i)
    append(500 + 37 * i, i); // Through several segments.
  CHECK(lane.head() == all.size());
  for (lane::position from = 0; from < all.size(); from += 4'999)
    for (auto to = from; to <= all.size(); to += 7'001)
      REQUIRE(read(from, to) == all.substr(from, to - from));
}

TEST_CASE_METHOD(stream, "gather names as much as its table has room for") {
  for (std::uint64_t i = 1; i <= 40; ++i)
    append(3'000, i);
  std::array<iovec, 2> few;
  REQUIRE(lane.gather(0, lane.head(), few) == 2);
  std::string got;
  for (const auto& range : few)
    got.append(static_cast<const char*>(range.iov_base), range.iov_len);
  CHECK(got == all.substr(0, got.size()));
  CHECK(got.size() < all.size());
  CHECK(lane.gather(0, lane.head(), std::span<iovec>{}) == 0);
  CHECK(lane.gather(10, 10, few) == 0);
}

TEST_CASE_METHOD(stream, "a frame's end is found from any of its bytes") {
  append(10, 1);
  append(1, 2);
  append(10, 3);
  CHECK(lane.frame_end(0) == 0);
  CHECK(lane.frame_end(1) == 10);
  CHECK(lane.frame_end(10) == 10);
  CHECK(lane.frame_end(11) == 11);
  CHECK(lane.frame_end(12) == 21);
  CHECK(lane.frame_end(21) == 21);
}

TEST_CASE_METHOD(stream, "the log offsets of a range skip what is not logged") {
  append(10, 7);
  append(10, 0); // Typing, say.
  append(10, 8);
  append(10, 0);
  auto whole = lane.offsets_between(0, 40);
  CHECK(whole.first == 7);
  CHECK(whole.last == 8);
  auto middle = lane.offsets_between(10, 20);
  CHECK(middle.first == 0);
  auto end = lane.offsets_between(10, 40);
  CHECK(end.first == 8);
  CHECK(end.last == 8);
  CHECK(lane.offsets_between(40, 40).first == 0);
}

TEST_CASE_METHOD(stream, "what is trimmed is gone, and the rest stays") {
  for (std::uint64_t i = 1; i <= 300; ++i)
    append(100, i);
  // In steps that are no borders of segments.
  for (lane::position keep = 0; keep < 30'000; keep += 700) {
    lane.trim(keep);
    REQUIRE(lane.tail() == keep);
    REQUIRE(read(keep, lane.head()) == all.substr(keep));
    REQUIRE(lane.frame_end(keep) == keep);
    REQUIRE(lane.offsets_between(keep, lane.head()).first == keep / 100 + 1);
    append(100, 300 + keep / 700 + 1);
  }
  lane.trim(lane.head());
  CHECK(lane.tail() == lane.head());
  CHECK(lane.frame_end(lane.head()) == lane.head());
}

TEST_CASE_METHOD(stream, "to trim backwards changes nothing") {
  append(100, 1);
  append(100, 2);
  lane.trim(100);
  lane.trim(50);
  CHECK(lane.tail() == 100);
  CHECK(read(100, 200) == all.substr(100));
}

TEST_CASE_METHOD(stream, "a share outlives what is trimmed") {
  append(10, 1);
  append(10, 2);
  auto share = lane.share(3, 10);
  lane.trim(lane.head());
  append(10, 3);
  CHECK(share.view() == all.substr(3, 7));
  CHECK(lane.share(20, 20).size() == 0);
}

TEST_CASE("a writer uses a segment again once nobody reads it") {
  lane_writer writer;
  auto first = writer.append("one", "two");
  auto* place = first.view().data();
  auto second = writer.append("", "three");
  // As truths: Catch would print what the pointers point to.
  CHECK((second.view().data() == place + 6));
  first = {};
  second = {};
  auto again = writer.append("four", "");
  CHECK((again.view().data() == place));
  CHECK(again.view() == "four");
}

TEST_CASE("a frame larger than any segment gets one of its own") {
  lane_writer writer;
  std::string large(1'000'000, 'x');
  auto small = writer.append("s", "mall");
  auto frame = writer.append("<", large);
  CHECK(frame.view() == '<' + large);
  CHECK(small.view() == "small");
}
