#pragma once

// Actors that stand in for a part of the node, and show what it was sent.

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <caf/send.hpp>

#include "actors/interfaces.hpp"
#include "actors/pinned.hpp"
#include "tests/support/fake_outbox.hpp"
#include "tests/support/quiet_node.hpp"

namespace greenroom::test {

// -- a room that never confirms, and its keeper -------------------------------

/// What they were sent, and how they behave.
struct still_life {
  bool answers_joins = true;
  actors::room_actor room;
  std::vector<actors::join> joins;
  std::vector<actors::publish> published;
  std::vector<actors::change_state> changed;
  std::vector<actors::allowance> asked; ///< By each `history` and list.
  int left = 0;
  std::vector<actors::withdraw> withdrawn;

  [[nodiscard]] std::ptrdiff_t asked_for_credit() const {
    return std::count_if(published.begin(), published.end(), [](auto& one) {
      return one.credit != actors::allowance::none;
    });
  }

  void answer_joins(const actors::connection_actor& to) {
    for (const auto& one : joins)
      caf::anon_send(to, actors::room_entered{one.room, room, one.who.join});
  }
};

class still_room {
public:
  using handle = actors::room_actor;

  static constexpr const char* name = "still_room";

  still_room(handle::pointer, actors::loop&, still_life& shows)
    : shows_(shows) {}

  handle::behavior_type make_behavior() {
    return {
        [](const actors::join&) {},
        [this](const actors::leave&) { ++shows_.left; },
        [this](const actors::publish& msg) { shows_.published.push_back(msg); },
        [this](const actors::list_members& msg) {
          shows_.asked.push_back(msg.credit);
        },
        [this](const actors::read_log&) {
          shows_.asked.push_back(actors::allowance::question);
        },
        [this](const actors::change_state& msg) {
          shows_.changed.push_back(msg);
        },
        [](actors::log_told) {},
        [](const actors::mirrored&) {},
        [](const actors::link_changed&) {},
        [](const actors::holdings_heard&) {},
        [](const actors::holdings_checked&) {},
        [](actors::holdings_asked) {},
        [](const actors::peer_gone&) {},
        [](actors::room_tick) {},
    };
  }

private:
  still_life& shows_;
};

class still_keeper {
public:
  using handle = actors::keeper_actor;

  static constexpr const char* name = "still_keeper";

  still_keeper(handle::pointer self, actors::loop& home, still_life& shows)
    : self_(self), shows_(shows) {
    shows_.room = actors::spawn_pinned<still_room>(home, std::ref(shows));
  }

  ~still_keeper() {
    caf::anon_send_exit(std::exchange(shows_.room, nullptr),
                        caf::exit_reason::user_shutdown);
    shows_.joins.clear();
  }

  handle::behavior_type make_behavior() {
    return {
        [this](const actors::join& msg) {
          shows_.joins.push_back(msg);
          if (shows_.answers_joins)
            self_->send(
                msg.who.connection,
                actors::room_entered{msg.room, shows_.room, msg.who.join});
        },
        [this](const actors::withdraw& msg) {
          shows_.withdrawn.push_back(msg);
        },
        [](const actors::emptied&) {},
        [](const actors::retire&) {},
    };
  }

private:
  handle::pointer self_;
  still_life& shows_;
};

// -- a member that knows its room's handle ------------------------------------

struct insider_view {
  std::vector<actors::room_entered> entered;
  std::vector<actors::room_exited> exited;
  std::vector<actors::request_done> done;
  std::vector<actors::request_refused> refused;
};

/// A connection without a client, for what no client can make a node do.
class insider {
public:
  using handle = actors::connection_actor;

  static constexpr const char* name = "insider";

  insider(handle::pointer, actors::loop&, insider_view& sees) : sees_(sees) {}

  handle::behavior_type make_behavior() {
    return {
        [](const actors::inbound&) {},
        [](const actors::socket_closed&) {},
        [](actors::deadline_reached) {},
        [](actors::drain) {},
        [](actors::displaced) {},
        [this](const actors::room_entered& msg) {
          sees_.entered.push_back(msg);
        },
        [this](const actors::room_exited& msg) { sees_.exited.push_back(msg); },
        [this](const actors::request_done& msg) { sees_.done.push_back(msg); },
        [this](const actors::request_refused& msg) {
          sees_.refused.push_back(msg);
        },
    };
  }

private:
  insider_view& sees_;
};

/// How it asks to join, from that loop.
inline actors::newcomer newcomer_of(const actors::connection_actor& insider,
                                    actors::loop& home) {
  actors::newcomer who;
  who.id = insider.id();
  who.connection = insider;
  who.out = std::make_shared<fake_outbox>(home.sends());
  who.lane.kind = actors::lane_kind::json;
  return who;
}

/// An event that makes its room throw.
inline room_event_ptr bombshell() {
  struct bomb {
    operator relayed() const { throw std::runtime_error{"bombshell"}; }
  };
  auto what = std::make_shared<room_event>();
  try {
    what->emplace<relayed>(bomb{}); // Leaves it without a value.
  } catch (const std::runtime_error&) {
  }
  return what;
}

/// Has a room crash until its keeper gives it up.
inline void wear_out(quiet_node& node, actors::room_actor room,
                     const actors::publish& bomb) {
  for (int i = 0; i < 11; ++i) {
    caf::anon_send(room, bomb);
    node.advance(200ms); // The longest that it is held.
  }
  room = nullptr;
  node.advance(1s);
}

// -- the cluster --------------------------------------------------------------

struct cluster_view {
  bool answers = true;
  bool up = true;
  std::vector<actors::watch> watched; ///< At present.
  int watches = 0;
  std::vector<actors::mirror> mirrored;
  std::vector<actors::mirror_holdings> held;
  std::vector<actors::doubt_holdings> doubted;

  void tell_link(bool is_up) {
    up = is_up;
    for (const auto& one : watched)
      caf::anon_send(one.room, actors::link_changed{is_up, one.number});
  }

  void hear(room_event what) {
    auto shared = std::make_shared<const room_event>(std::move(what));
    for (const auto& one : watched)
      caf::anon_send(one.room, actors::mirrored{"peer", {shared}});
  }

  /// What a peer holds in the room.
  void hear(std::uint64_t peer, holdings what) {
    for (const auto& one : watched)
      caf::anon_send(
          one.room, actors::holdings_heard{peer, "peer#" + std::to_string(peer),
                                           what, one.number});
  }

  void lose(std::uint64_t peer, bool said_goodbye = false) {
    for (const auto& one : watched)
      caf::anon_send(one.room,
                     actors::peer_gone{peer, said_goodbye, one.number});
  }

  /// What a peer's members come to, as it says.
  void check(std::uint64_t peer, std::uint64_t sum) {
    for (const auto& one : watched)
      caf::anon_send(one.room, actors::holdings_checked{peer, sum, one.number});
  }

  void ask() {
    for (const auto& one : watched)
      caf::anon_send(one.room, actors::holdings_asked{});
  }
};

class fake_cluster {
public:
  using handle = actors::cluster_actor;

  static constexpr const char* name = "fake_cluster";

  fake_cluster(handle::pointer self, actors::loop&, cluster_view& shows)
    : self_(self), shows_(shows) {}

  ~fake_cluster() { shows_.watched.clear(); }

  handle::behavior_type make_behavior() {
    return {
        [this](const actors::watch& msg) {
          ++shows_.watches;
          shows_.watched.push_back(msg);
          if (shows_.answers)
            self_->send(msg.room, actors::link_changed{shows_.up, msg.number});
        },
        [this](const actors::unwatch& msg) {
          std::erase_if(shows_.watched,
                        [&](auto& one) { return one.key == msg.key; });
        },
        [this](const actors::mirror& msg) { shows_.mirrored.push_back(msg); },
        [this](const actors::mirror_holdings& msg) {
          shows_.held.push_back(msg);
        },
        [this](const actors::doubt_holdings& msg) {
          shows_.doubted.push_back(msg);
        },
        [](const actors::watch_peers&) {},
        [](const actors::report_to_watchers&) {},
        [this](actors::leave_cluster) { self_->quit(); },
        [](actors::bus_tick) {},
    };
  }

private:
  handle::pointer self_;
  cluster_view& shows_;
};

} // namespace greenroom::test
