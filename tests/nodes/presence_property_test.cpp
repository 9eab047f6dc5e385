// [P-9.2] Members and bound keys over nodes, whatever happens to nodes, clients
// and the bus: whole nodes but for their sockets, and a Redis that is none.

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "cluster/cluster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/quiet_node.hpp"
#include "tests/support/rough_hub.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

const std::string rooms[] = {"a", "b"};
constexpr std::size_t nodes = 3;
constexpr std::size_t clients = 6;

using names = std::set<std::string>;
using values = std::map<std::string, std::string>;

boost::json::value read(const std::string& text) {
  return boost::json::parse(text);
}

std::string text_of(const boost::json::value& in, std::string_view field) {
  const auto& text = in.at(field).as_string();
  return {text.data(), text.size()};
}

names ids_in(const std::string& list) {
  names all;
  auto parsed = read(list);
  for (const auto& each : parsed.as_array())
    all.insert(text_of(each, "connectionId"));
  return all;
}

/// One run of a node.
struct life {
  static settings rules() {
    settings config = calm();
    config.limits.messages_per_second = 0;
    return config;
  }

  life(rough_hub& hub, const std::string& id, std::uint64_t run,
       milliseconds age)
    : node(rules(), 2), incarnation(run) {
    for (std::uint32_t i = 0; i < 2; ++i)
      node.loop(i).skip(age);
    cluster::options how;
    how.own = {id, run};
    how.beat = 200ms;
    how.peer_timeout = 1s;
    auto made = hub.connect();
    bus = made.get();
    node.context->origin = cluster::origin_of(how.own);
    node.context->cluster = node.spawn<cluster::cluster>(
        0, std::shared_ptr<cluster::bus>(std::move(made)), how);
    node.run();
  }

  quiet_node node;
  std::uint64_t incarnation;
  const cluster::bus* bus = nullptr;
};

/// A connection that its client has given up, and its node not yet.
struct half_open {
  guest who;
  std::size_t at;
  std::uint64_t life;
};

/// Where a client is in a room, and what it was told.
struct stay {
  bool is_in = false;
  names told;
  values state;
};

struct client {
  std::string user;
  std::string session;
  std::string connection_id;
  std::optional<guest> who;
  std::size_t at = 0; ///< Which node.
  std::map<std::string, stay> in;
  std::optional<names> listed; ///< The last list it asked for.

  void forget() {
    session.clear();
    in.clear();
  }

  /// Reads what came.
  void looks() {
    if (!who)
      return;
    for (const auto& each : who->sees())
      hears(each);
    if ((*who)->closed || !(*who)->is_open())
      who.reset();
  }

private:
  void hears(const heard& what) {
    auto type = what.type();
    if (type == "auth_success") {
      connection_id = what["connectionId"];
      session = what["session"];
    } else if (type == "joined") {
      auto& here = in[what["roomId"]];
      here.is_in = true;
      here.told = ids_in(what["members"]);
      here.state.clear();
      if (auto state = what["state"]; !state.empty())
        take(here.state, state);
    } else if (type == "resumed") {
      session = what["session"];
      if (auto id = what["connectionId"]; !id.empty())
        connection_id = id;
      auto parsed = read(what["rooms"]);
      for (const auto& each : parsed.as_array()) {
        auto& here = in[text_of(each, "roomId")];
        here.is_in = each.as_object().contains("offset");
        here.state.clear();
      }
    } else if (type == "left") {
      in.erase(what["roomId"]);
    } else if (type == "presence" && !what["id"].empty()) {
      listed = ids_in(what["members"]);
    } else if (type == "presence") {
      auto& told = in[what["roomId"]].told;
      if (auto whole = what["members"]; !whole.empty())
        told = ids_in(whole);
      if (auto more = what["joined"]; !more.empty())
        told.merge(ids_in(more));
      if (auto less = what["left"]; !less.empty())
        for (const auto& gone : ids_in(less))
          told.erase(gone);
    } else if (type == "state") {
      auto& state = in[what["roomId"]].state;
      if (what["whole"] == "true")
        state.clear();
      take(state, what["changes"]);
    }
  }

  static void take(values& into, const std::string& changes) {
    auto parsed = read(changes);
    for (const auto& each : parsed.as_array()) {
      auto key = text_of(each, "key");
      const auto& value = each.at("value");
      if (value.is_null())
        into.erase(key);
      else
        into[key] = boost::json::serialize(value);
    }
  }
};

class world {
public:
  explicit world(unsigned seed) : dice_(seed) {
    for (std::size_t i = 0; i < nodes; ++i)
      begin(i);
    for (std::size_t i = 0; i < clients; ++i) {
      all_[i].user = "user-" + std::to_string(i);
      come(all_[i]);
    }
  }

  void something_happens() {
    auto& one = all_[pick(dice_, clients)];
    one.looks();
    switch (pick(dice_, 24)) {
    case 0:
    case 1:
    case 2:
      return come(one);
    case 3:
    case 4:
    case 5:
      return join(one, a_room());
    case 6:
      return leave(one, a_room());
    case 7: { // In one turn.
      auto room = a_room();
      leave(one, room);
      return join(one, room);
    }
    case 8:
    case 9:
      return lose(one);
    case 10: { // Lost, and back at once, elsewhere as likely as not.
      lose(one);
      return come(one);
    }
    case 11:
      return set(one, a_room());
    case 12:
      if (one.who && pick(dice_, 3) == 0) {
        (*one.who)->hangs_up(1000);
        one.who.reset();
        one.forget();
      }
      return;
    case 13:
      if (pick(dice_, 6) == 0)
        end(pick(dice_, nodes), pick(dice_, 2) == 0);
      return;
    case 14:
    case 15:
      return begin(pick(dice_, nodes));
    case 16:
      if (pick(dice_, 6) == 0)
        hub_.fail();
      return;
    case 17:
      return hub_.restore();
    case 18:
      if (auto& at = lives_[pick(dice_, nodes)]; at && pick(dice_, 4) == 0)
        pick(dice_, 2) == 0 ? hub_.break_subscriber(at->bus)
                            : hub_.break_publisher(at->bus);
      return;
    case 19:
    case 20:
      return pass(milliseconds{pick(dice_, 400)});
    default:
      return move(pick(dice_, 60));
    }
  }

  void some_loop_turns() {
    if (auto& at = lives_[pick(dice_, nodes)])
      at->node.loop(static_cast<std::uint32_t>(pick(dice_, 2))).run_turn();
  }

  /// Nothing more happens, and everything has its time.
  void rests() {
    hub_.restore();
    for (std::size_t i = 0; i < nodes; ++i)
      begin(i);
    for (int i = 0; i < 60; ++i) {
      settle();
      pass(100ms);
    }
    for (auto& one : all_)
      one.looks();
  }

  /// Who is in the room, as they see it themselves.
  [[nodiscard]] std::vector<client*> in(const std::string& room) {
    std::vector<client*> there;
    for (auto& one : all_)
      if (one.who && one.in[room].is_in)
        there.push_back(&one);
    return there;
  }

  [[nodiscard]] names asks(client& one, const std::string& room) {
    one.listed.reset();
    one.who->says(R"({"type":"presence","id":1,"roomId":")" + room + "\"}");
    one.looks();
    return one.listed.value_or(names{"no answer"});
  }

private:
  [[nodiscard]] const std::string& a_room() {
    return rooms[pick(dice_, std::size(rooms))];
  }

  void begin(std::size_t which) {
    if (!lives_[which])
      lives_[which] = std::make_unique<life>(hub_, "n" + std::to_string(which),
                                             ++incarnations_, age_);
  }

  void end(std::size_t which, bool in_order) {
    auto& at = lives_[which];
    if (!at)
      return;
    if (in_order) {
      for (std::uint32_t i = 0; i < 2; ++i)
        caf::anon_send(at->node.gateway(i), actors::drain{});
      at->node.run();
      caf::anon_send(at->node.context->cluster, actors::leave_cluster{});
      at->node.run();
      move(20);
    }
    for (auto& one : all_)
      if (one.who && one.at == which) {
        one.looks();
        one.who.reset();
      }
    hub_.cut_off(at->bus);
    at.reset();
  }

  /// With the session that it has, if any.
  void come(client& one) {
    if (one.who && pick(dice_, 4) != 0)
      return;
    auto which = pick(dice_, nodes);
    if (!lives_[which])
      return;
    auto before = one.session;
    // What it left behind half open is found out by its node, in time.
    if (one.who && pick(dice_, 2) == 0)
      lost_.push_back({*one.who, one.at, lives_[one.at]->incarnation});
    else
      lose(one);
    one.who = lives_[which]->node.connect(
        one.user, static_cast<std::uint32_t>(pick(dice_, 2)));
    one.at = which;
    one.looks();
    std::string since;
    for (const auto& [room, how] : one.in)
      if (how.is_in)
        since += (since.empty() ? "" : ",")
                 + ('"' + room + R"(":{"epoch":"e","offset":0})");
    if (before.empty() || since.empty()) {
      one.in.clear();
      return;
    }
    one.who->queues(R"({"type":"resume","session":")" + before
                    + R"(","rooms":{)" + since + "}}");
  }

  void lose(client& one) {
    if (!one.who)
      return;
    one.looks();
    if (one.who)
      (*one.who)->hangs_up(protocol::no_close_frame);
    one.who.reset();
  }

  void join(client& one, const std::string& room) {
    if (one.who)
      one.who->queues(R"({"type":"join_room","roomId":")" + room + "\"}");
  }

  void leave(client& one, const std::string& room) {
    if (one.who)
      one.who->queues(R"({"type":"leave_room","roomId":")" + room + "\"}");
  }

  void set(client& one, const std::string& room) {
    if (one.who)
      one.who->queues(R"({"type":"set_state","bound":true,"roomId":")" + room
                      + R"(","key":")" + one.user + R"(","value":)"
                      + std::to_string(++said_) + "}");
  }

  /// Of what is on its way between nodes, so much.
  void move(std::size_t steps) {
    while (steps-- > 0 && hub_.step(dice_))
      if (pick(dice_, 4) == 0)
        some_loop_turns();
  }

  void settle() {
    do
      for (auto& at : lives_)
        if (at)
          at->node.run();
    while (hub_.step(dice_));
  }

  void pass(milliseconds time) {
    age_ += time;
    for (auto& at : lives_)
      if (at)
        at->node.advance(time);
    if (pick(dice_, 3) == 0)
      for (auto& each : std::exchange(lost_, {}))
        if (const auto& at = lives_[each.at];
            at && at->incarnation == each.life)
          each.who->hangs_up(protocol::no_close_frame);
  }

  test::random dice_;
  rough_hub hub_;
  std::unique_ptr<life> lives_[nodes];
  client all_[clients];
  std::vector<half_open> lost_;
  std::uint64_t incarnations_ = 0;
  milliseconds age_{0};
  int said_ = 0;
};

void check(unsigned seed) {
  CAPTURE(seed);
  world some{seed};
  for (int step = 0; step < 300; ++step) {
    some.something_happens();
    some.some_loop_turns();
  }
  some.rests();
  for (const auto& room : rooms) {
    CAPTURE(room);
    names there;
    for (auto* each : some.in(room))
      there.insert(each->connection_id);
    for (auto* each : some.in(room)) {
      CAPTURE(each->user, each->at, each->connection_id);
      REQUIRE(some.asks(*each, room) == there);
      REQUIRE(each->in[room].told == there);
      REQUIRE(each->in[room].state == some.in(room)[0]->in[room].state);
      for (const auto& [key, value] : each->in[room].state) {
        bool is_there = false;
        for (auto* owner : some.in(room))
          is_there |= owner->user == key;
        CAPTURE(key);
        REQUIRE(is_there);
      }
    }
  }
}

} // namespace

TEST_CASE("[P-9.2] whatever happens, in the end all nodes list who is there") {
  for (unsigned seed = 1; seed <= 100; ++seed)
    check(seed);
  std::random_device chance;
  for (int round = 0; round < 30; ++round)
    check(chance());
}
