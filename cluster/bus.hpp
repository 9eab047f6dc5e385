#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace greenroom::cluster {

/// What carries bytes between nodes: named channels, each message to everybody
/// who is subscribed, the sender included, in the order of each sender. Keeps
/// itself connected. A message can be lost (an outage, a full queue) or come
/// twice (sent again after an outage); who must know puts numbers in it.
///
/// Lives on one loop: every member and every callback on its thread. Destroying
/// it ends all callbacks.
class bus {
public:
  /// Never called from inside a member of the bus, so it may call any of them;
  /// only destroying the bus in there is not allowed.
  class listener {
  public:
    /// Connected, and every channel for which `is_subscribed` holds is well:
    /// for these no `bus_subscribed` comes again. For others it will.
    virtual void bus_up() = 0;

    /// No longer, for a reason that people can read. Told after an `up`, and
    /// once if the first attempt to connect fails.
    virtual void bus_down(std::string_view reason) = 0;

    /// What is published to `channel` from now on will come. Before `bus_up` it
    /// says nothing about publishing.
    virtual void bus_subscribed(std::string_view channel) = 0;

    /// The bus is up, and yet what is published to `channel` may not come:
    /// only what carries this channel is gone, or is not there yet. Maybe told
    /// again. `bus_subscribed` or `bus_down` follows.
    virtual void bus_lost(std::string_view channel) = 0;

    virtual void bus_message(std::string_view channel,
                             std::string_view bytes) = 0;

  protected:
    ~listener() = default;
  };

  struct statistics {
    std::uint64_t dropped = 0;    ///< Messages that the queue had no room for.
    std::uint64_t reconnects = 0; ///< Times that it came up again.
  };

  virtual ~bus() = default;

  /// Begins to connect. Once, before anything else.
  virtual void start(listener& to) = 0;

  /// Doing it again does nothing, not even a second `bus_subscribed`.
  virtual void subscribe(std::string_view channel) = 0;
  virtual void unsubscribe(std::string_view channel) = 0;

  /// Whether what is published to the channel now will come.
  [[nodiscard]] virtual bool is_subscribed(std::string_view channel) const = 0;

  /// Whether channels may be carried apart from each other, so that what comes
  /// over one says nothing of the others.
  [[nodiscard]] virtual bool is_sharded() const { return false; }

  /// Never blocks. While the bus is down the bytes wait in a bounded queue;
  /// beyond the bound, the oldest are dropped. They count as so many
  /// `messages`.
  virtual void publish(std::string_view channel, std::string bytes,
                       std::size_t messages) = 0;
  void publish(std::string_view channel, std::string bytes) {
    publish(channel, std::move(bytes), 1);
  }

  /// Publishes what nobody misses much, and what is the first to be dropped.
  /// False: there is no room to spare for it, and it is dropped.
  [[nodiscard]] virtual bool offer(std::string_view channel,
                                   std::string bytes) = 0;

  /// Throws the present subscription of `channel`, and of what it shares it
  /// with, away and makes a new one: for who knows that it carries nothing
  /// although it looks well.
  virtual void reconnect(std::string_view channel, std::string_view reason) = 0;

  /// Ends subscriptions at once, sends what is queued if it is connected, then
  /// calls `done`. No other callback comes any more. May take as long as the
  /// other side does: whoever cannot wait destroys the bus.
  virtual void close(std::function<void()> done) = 0;

  [[nodiscard]] virtual statistics stats() const = 0;
};

} // namespace greenroom::cluster
