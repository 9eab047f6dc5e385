#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/wsload/clock.hpp"
#include "bench/wsload/options.hpp"
#include "bench/wsload/track.hpp"

namespace greenroom::bench {

/// One connection of the load. Belongs to one worker.
struct client {
  enum class phase : std::uint8_t {
    unopened,
    connecting,
    upgrading,
    waiting_for_engine, ///< Engine.IO: the server speaks first.
    waiting_for_socket, ///< Socket.IO: our connect packet is under way.
    waiting_for_answer, ///< The hellos are sent.
    ready,
    closed
  };

  int fd = -1;
  phase is = phase::unopened;
  std::uint32_t id = 0;
  std::uint32_t room = 0;
  std::uint32_t seat = 0; ///< Its place within the room.
  bool wants_out = false;
  std::string in;  ///< An incomplete frame.
  std::string out; ///< What the socket did not take.
  int answers = 0; ///< Times `--wait` is still to come.
  std::uint32_t sent = 0;
  nanos began = 0;           ///< The handshake, then the present round trip.
  std::vector<track> tracks; ///< By the sender's seat.
};

/// What the workers share. The times are set once, before `go`.
struct load {
  explicit load(const options& config)
    : opt(config),
      clients(static_cast<std::size_t>(config.connections)),
      delivered(clients.size()) {}

  const options& opt;
  std::vector<client> clients;

  /// Deliveries of each sender's messages (window mode).
  std::vector<std::atomic<std::uint64_t>> delivered;

  std::atomic<int> ready{0};
  std::atomic<int> broken{0};
  std::atomic<std::uint64_t> expected{0}; ///< Refreshed now and then.
  std::atomic<std::uint64_t> received{0}; ///< Likewise.
  std::atomic<int> answered{0};           ///< Pings, by a pong.
  std::atomic<bool> go{false};
  std::atomic<bool> ask{false}; ///< Ping every connection, once.
  std::atomic<bool> stop{false};
  nanos begin = 0;
  nanos window_begin = 0;
  nanos window_end = 0;

  /// Tells our messages from those of an earlier run, which a slow server may
  /// still have to deliver.
  const std::uint64_t run_id =
      static_cast<std::uint64_t>(now_ns() / millisecond ^ getpid()) & 0xffff;

  [[nodiscard]] bool in_window(nanos t) const {
    return t >= window_begin && t < window_end;
  }

  [[nodiscard]] int room_size(std::uint32_t room) const {
    if (opt.rooms_each > 1) // All are alike then.
      return opt.connections / opt.rooms * opt.rooms_each;
    return opt.connections / opt.rooms
           + (static_cast<int>(room) < opt.connections % opt.rooms ? 1 : 0);
  }

  /// The k-th of the rooms that this client is in.
  [[nodiscard]] std::uint32_t room_of(const client& who, int k) const {
    return (who.room + static_cast<std::uint32_t>(k))
           % static_cast<std::uint32_t>(opt.rooms);
  }

  /// How many senders there are in all the rooms of this client.
  [[nodiscard]] std::size_t senders_near(const client& who) const {
    const auto rooms = static_cast<std::size_t>(opt.rooms);
    const auto senders = static_cast<std::size_t>(opt.senders);
    if (opt.rooms_each > 1)
      return (senders + rooms - 1) / rooms
             * static_cast<std::size_t>(opt.rooms_each);
    return (senders - who.room + rooms - 1) / rooms;
  }

  /// Which of them this one is; beyond them: it is in another room.
  [[nodiscard]] std::size_t place_of(const client& who,
                                     std::uint32_t sender) const {
    const auto rooms = static_cast<std::uint32_t>(opt.rooms);
    if (opt.rooms_each == 1) // The everyday case, for each delivery.
      return sender < clients.size() && sender % rooms == who.room
                 ? sender / rooms
                 : clients.size();
    const auto seats =
        senders_near(who) / static_cast<std::size_t>(opt.rooms_each);
    const auto away = (sender % rooms + rooms - who.room) % rooms;
    if (sender >= clients.size()
        || away >= static_cast<std::uint32_t>(opt.rooms_each)
        || sender / rooms >= seats)
      return senders_near(who);
    return away * seats + sender / rooms;
  }

  [[nodiscard]] const options::target& target_of(const client& who) const {
    return opt.senders_to && static_cast<int>(who.id) < opt.senders
               ? *opt.senders_to
               : opt.to;
  }

  /// How many deliveries one message of this client makes.
  [[nodiscard]] std::uint64_t deliveries_of(const client& who) const {
    return static_cast<std::uint64_t>(room_size(who.room) - (opt.echo ? 0 : 1));
  }
};

} // namespace greenroom::bench
