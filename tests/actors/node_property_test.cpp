#include <map>
#include <random>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/support/mutate.hpp"
#include "tests/support/quiet_node.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

const std::string rooms[] = {"a", "b", "c"};

/// Six clients that do as the dice say, and sockets that take what they take.
class crowd {
public:
  struct client {
    guest who;
    std::string user;
    std::set<std::string> in;                       ///< Has asked to be in.
    std::map<std::string, std::string> typed_by_id; ///< Request id to text.
    std::map<std::string, std::vector<std::string>> expected; ///< By room.
  };

  explicit crowd(unsigned seed) : dice_(seed) {
    for (int i = 0; i < 6; ++i) {
      auto user = "user-" + std::to_string(i);
      clients.push_back({node.connect(user, static_cast<std::uint32_t>(i % 2)),
                         user,
                         {},
                         {},
                         {}});
    }
  }

  /// One client says something. Gives what a turn of its own would bring the
  /// others, into `expected`.
  void someone_acts() {
    auto& one = clients[pick(dice_, clients.size())];
    const auto& room = rooms[pick(dice_, 3)];
    one.who->by_mail = pick(dice_, 2) == 0;
    auto field = R"("roomId":")" + room + "\"";
    switch (pick(dice_, 10)) {
    case 0:
    case 1:
      one.in.insert(room);
      one.who.queues(R"({"type":"join_room",)" + field + "}");
      break;
    case 2:
      if (one.in.erase(room) > 0) {
        one.who.queues(R"({"type":"leave_room",)" + field + "}");
        if (typing_.erase({one.user, room}) > 0)
          expect(one, room, one.user + " false");
      }
      break;
    case 3:
      if (one.in.contains(room)) {
        one.who.queues(R"({"type":"typing",)" + field + "}");
        typing_.insert({one.user, room});
        expect(one, room, one.user + " true");
      }
      break;
    default:
      if (one.in.contains(room)) {
        auto text =
            std::to_string(++said_) + std::string(pick(dice_, 300), 'x');
        one.typed_by_id[std::to_string(said_)] = text;
        one.who.queues(R"({"type":"message",)" + field + R"(,"text":")" + text
                       + R"(","id":)" + std::to_string(said_) + "}");
        expect(one, room, text);
      }
    }
  }

  void a_socket_fills_or_drains() {
    auto& wire = *clients[pick(dice_, clients.size())].who.wire();
    if (wire.is_blocked())
      wire.unblock(pick(dice_, 3000));
    else
      wire.room = pick(dice_, 1500);
  }

  void a_loop_turns() {
    node.loop(static_cast<std::uint32_t>(pick(dice_, 2))).run_turn();
  }

  /// Everybody reads all, and time passes.
  void settle() {
    node.run();
    for (auto& one : clients) {
      one.who->room = std::string::npos;
      if (one.who->is_blocked())
        one.who->unblock(std::string::npos);
    }
    node.advance(100ms);
  }

  quiet_node node{quick(), 2};
  std::vector<client> clients;

private:
  static settings quick() {
    settings config;
    config.limits.messages_per_second = 0;
    config.limits.unsent_bytes = 1 << 24;
    return config;
  }

  void expect(const client& by, const std::string& room,
              const std::string& what) {
    for (auto& one : clients)
      if (&one != &by && one.in.contains(room))
        one.expected[room].push_back(what);
  }

  test::random dice_;
  int said_ = 0;
  std::set<std::pair<std::string, std::string>> typing_;
};

} // namespace

TEST_CASE("[P-3.3] whoever joins, leaves, speaks and types: all get what a "
          "simple model says, whatever their sockets take") {
  const unsigned seed = 20'261'122;
  CAPTURE(seed);
  for (unsigned round = 0; round < 12; ++round) {
    CAPTURE(round);
    crowd some{seed + round};
    for (int step = 0; step < 150; ++step) {
      some.someone_acts();
      some.node.run();
      some.a_socket_fills_or_drains();
    }
    some.settle();
    for (auto& one : some.clients) {
      std::map<std::string, std::vector<std::string>> got;
      for (const auto& seen : one.who.sees())
        if (seen.type() == "message")
          got[seen["roomId"]].push_back(seen["text"]);
        else if (seen.type() == "typing")
          got[seen["roomId"]].push_back(seen["userId"] + ' '
                                        + seen["isTyping"]);
      for (const auto& room : rooms)
        REQUIRE(got[room] == one.expected[room]);
    }
  }
}

TEST_CASE("[P-4.1] however the loops' turns fall, a member gets each message "
          "of the others between `joined` and `left` once, in order") {
  const unsigned seed = 20'261'123;
  CAPTURE(seed);
  for (unsigned round = 0; round < 12; ++round) {
    CAPTURE(round);
    crowd some{seed + round};
    for (int step = 0; step < 400; ++step) {
      some.someone_acts();
      some.a_socket_fills_or_drains();
      if (step % 3 == 0)
        some.a_loop_turns();
    }
    some.settle();

    // The log of each room, as acks tell it to those who spoke.
    std::map<std::string, std::map<std::size_t, std::string>> log;
    std::vector<sight> seen;
    std::vector<std::set<std::pair<std::string, std::size_t>>> own;
    for (auto& one : some.clients) {
      seen.push_back(one.who.sees());
      own.emplace_back();
      for (const auto& ack : seen.back().all("ack")) {
        auto offset = std::stoul(ack["offset"]);
        own.back().insert({ack["roomId"], offset});
        REQUIRE(log[ack["roomId"]]
                    .emplace(offset, one.typed_by_id.at(ack["id"]))
                    .second);
      }
    }
    for (const auto& [room, texts] : log)
      REQUIRE(texts.rbegin()->first == texts.size());

    for (std::size_t i = 0; i < some.clients.size(); ++i) {
      std::map<std::string, std::size_t> reached; // While a member.
      auto pass_own = [&](const std::string& room) -> std::size_t& {
        auto& at = reached.at(room);
        while (own[i].contains({room, at + 1}))
          ++at;
        return at;
      };
      for (const auto& one : seen[i]) {
        auto room = one["roomId"];
        if (one.type() == "joined") {
          auto offset = std::stoul(one["offset"]);
          if (auto [at, is_new] = reached.emplace(room, offset); !is_new)
            REQUIRE(pass_own(room) >= offset);
        } else if (one.type() == "left") {
          REQUIRE(reached.erase(room) == 1);
        } else if (one.type() == "message") {
          REQUIRE(reached.contains(room));
          auto offset = std::stoul(one["offset"]);
          REQUIRE(offset == pass_own(room) + 1);
          REQUIRE(one["text"] == log[room].at(offset));
          reached[room] = offset;
        }
      }
      for (auto& [room, at] : reached) {
        REQUIRE(some.clients[i].in.contains(room));
        REQUIRE(pass_own(room) == log[room].size());
      }
    }
  }
}
