#include "net/send_batch.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/catch.hpp"

using namespace greenroom;
using greenroom::net::send_batch;

namespace {

/// A connected pair: what `who` sends arrives at `far`.
class line final : public send_batch::sender {
public:
  line() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data())
            == 0);
    near = ends[0];
    far = ends[1];
  }

  ~line() override {
    hang_up();
    ::close(near);
  }

  void on_sent(long count) override {
    taken = count;
    if (again != nullptr)
      std::exchange(again, nullptr)->add(*this, near, "again");
  }

  void hang_up() {
    if (far >= 0)
      ::close(std::exchange(far, -1));
  }

  std::string arrived() {
    std::string all(1 << 20, '\0');
    auto got = ::recv(far, all.data(), all.size(), MSG_DONTWAIT);
    all.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return all;
  }

  int near = -1;
  int far = -1;
  std::optional<long> taken;
  send_batch* again = nullptr; ///< Adds once more when told.
};

struct batched {
  run_once_queue sends;
  // With the ring where there is one, and without.
  std::unique_ptr<send_batch> batch =
      std::make_unique<send_batch>(sends, GENERATE(true, false));

  std::vector<std::unique_ptr<line>> make_lines(std::size_t count) {
    std::vector<std::unique_ptr<line>> lines;
    for (std::size_t i = 0; i < count; ++i)
      lines.push_back(std::make_unique<line>());
    return lines;
  }
};

} // namespace

TEST_CASE_METHOD(batched, "a turn's sends arrive, each at its own socket") {
  // One, some by plain sends, more than a ring holds.
  for (std::size_t count : {1u, 5u, 8u, 300u}) {
    auto lines = make_lines(count);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back("text " + std::to_string(i));
    for (std::size_t i = 0; i < count; ++i)
      batch->add(*lines[i], lines[i]->near, texts[i]);
    for (const auto& each : lines)
      CHECK_FALSE(each->taken);
    sends.run_all();
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(lines[i]->taken == static_cast<long>(texts[i].size()));
      CHECK(lines[i]->arrived() == texts[i]);
    }
  }
}

TEST_CASE_METHOD(batched, "a full socket takes a part or nothing and never "
                          "keeps the others waiting") {
  auto lines = make_lines(20);
  std::string much(8 << 20, 'x');
  for (auto& each : lines)
    batch->add(*each, each->near,
               each == lines[3] ? std::string_view{much} : "x");
  sends.run_all();
  REQUIRE(lines[3]->taken);
  CHECK(*lines[3]->taken > 0);
  CHECK(*lines[3]->taken < static_cast<long>(much.size()));
  for (auto& each : lines)
    batch->add(*each, each->near, "y");
  sends.run_all();
  CHECK(lines[3]->taken == -EAGAIN);
  CHECK(lines[4]->taken == 1);
  CHECK(lines[4]->arrived() == "xy");
}

TEST_CASE_METHOD(batched, "who is gone is told to its sender alone, and by no "
                          "signal") {
  auto lines = make_lines(20);
  lines[7]->hang_up();
  for (auto& each : lines)
    batch->add(*each, each->near, "x");
  sends.run_all();
  CHECK(lines[7]->taken == -EPIPE);
  CHECK(lines[8]->taken == 1);
}

TEST_CASE_METHOD(batched, "who is told may add more, which goes out in the "
                          "same turn") {
  auto lines = make_lines(20);
  lines[0]->again = batch.get();
  for (auto& each : lines)
    batch->add(*each, each->near, "once ");
  sends.run_all();
  CHECK(lines[0]->taken == 5);
  CHECK(lines[0]->arrived() == "once again");
  CHECK(lines[1]->arrived() == "once ");
}
