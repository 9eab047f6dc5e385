#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/send.hpp>

#include "actors/context.hpp"
#include "actors/loop_crew.hpp"
#include "actors/pinned.hpp"
#include "tests/support/fake_wire.hpp"
#include "tests/support/guest.hpp"
#include "tests/support/manual_loop.hpp"

namespace greenroom::test {

using namespace std::chrono_literals;

/// A node without sockets, threads and a clock of its own: its loops are turned
/// by the test, its clients are `guest`s.
///
/// A token is good if it is in `tokens`, or begins with "user-": then it is its
/// own user id.
class quiet_node {
public:
  explicit quiet_node(settings config = {}, std::uint32_t loops = 1);
  ~quiet_node();

  quiet_node(const quiet_node&) = delete;
  quiet_node& operator=(const quiet_node&) = delete;

  /// Turns all loops until nobody has mail.
  void run();

  /// Time passes on all loops; what becomes due meanwhile runs at its time.
  void advance(milliseconds by);

  [[nodiscard]] steady_time now() const { return loops_.front()->now(); }
  [[nodiscard]] std::int64_t wall_now() const {
    return loops_.front()->wall_now();
  }

  guest arrive(actors::client_hello hello, std::uint32_t loop = 0);

  /// A client with that token on `/ws`.
  guest connect(std::string token = {}, std::uint32_t loop = 0);
  guest connect_msgpack(std::string token, std::uint32_t loop = 0);
  guest connect_relay(std::string token, std::string room,
                      std::uint32_t loop = 0);

  /// A client that has joined `room`, and has looked.
  guest member(std::string token, std::string_view room,
               std::uint32_t loop = 0);

  /// Other actors for a test, ended with the node.
  template <class State, class... Args>
  typename State::handle spawn(std::uint32_t loop, Args&&... args) {
    auto spawned =
        actors::spawn_pinned<State>(*loops_[loop], std::forward<Args>(args)...);
    ends_.push_back([spawned] {
      caf::anon_send_exit(spawned, caf::exit_reason::user_shutdown);
    });
    return spawned;
  }

  [[nodiscard]] manual_loop& loop(std::uint32_t index) {
    return *loops_[index];
  }
  [[nodiscard]] const actors::gateway_actor& gateway(std::uint32_t index) {
    return gateways_[index];
  }

  /// What the supervisors of the loops could not deal with.
  std::vector<std::string> escalated;

  [[nodiscard]] actors::loop_crew& crew(std::uint32_t index) {
    return *crews_[index];
  }

  std::map<std::string, claims> tokens;
  actors::context_ptr context;

private:
  [[nodiscard]] token_verdict verify(std::string_view token,
                                     std::int64_t at) const;

  quiet_system system_;
  std::vector<std::unique_ptr<manual_loop>> loops_;
  std::vector<std::unique_ptr<actors::loop_crew>> crews_;
  std::vector<actors::gateway_actor> gateways_;
  std::vector<std::shared_ptr<fake_wire>> wires_;
  std::vector<std::function<void()>> ends_;
};

/// Settings for tests in which much time passes: no heartbeat.
inline settings calm() {
  settings config;
  config.heartbeat.interval = 10h;
  return config;
}

/// Settings where everybody may come in.
inline settings anonymous() {
  settings config;
  config.auth.anonymous = true;
  return config;
}

} // namespace greenroom::test
