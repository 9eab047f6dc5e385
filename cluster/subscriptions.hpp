#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace greenroom::cluster {

/// Which channels are wanted, and for which of them Redis has confirmed it. One
/// thread, no I/O: it says what is to be sent and is told what came.
///
/// Commands and confirmations cross on the wire: after subscribe, unsubscribe
/// and subscribe in quick succession only the confirmation of the last command
/// means that the channel is in force. Hence they are counted.
class subscriptions {
public:
  /// Whether SUBSCRIBE has to be sent (if connected).
  bool add(std::string_view channel);

  /// Whether UNSUBSCRIBE has to be sent (if connected).
  bool remove(std::string_view channel);

  /// SUBSCRIBE for the channel was handed to the connection.
  void sent(std::string_view channel);

  /// Redis confirmed one SUBSCRIBE. Whether the channel is in force by it.
  bool confirmed(std::string_view channel);

  /// The connection broke: nothing is in force, nothing is awaited.
  void lost();

  /// Lets go of the channels for whose slots `which` holds, and gives those
  /// that are wanted, whatever is still awaited: they are somewhere else.
  [[nodiscard]] std::vector<std::string>
  take_out(const std::function<bool(std::uint16_t slot)>& which);

  /// Every wanted channel, to subscribe again.
  [[nodiscard]] std::vector<std::string_view> wanted() const;

  /// Every one that is in force.
  [[nodiscard]] std::vector<std::string> in_force() const;

  [[nodiscard]] bool is_wanted(std::string_view channel) const;

  [[nodiscard]] bool is_in_force(std::string_view channel) const;

  /// Whether every wanted channel is in force.
  [[nodiscard]] bool complete() const { return in_force_ == wanted_; }

  [[nodiscard]] std::size_t size() const { return wanted_; }

private:
  struct channel_state {
    bool wanted = false;
    bool in_force = false;
    std::uint16_t slot = 0;  ///< In a Redis Cluster.
    std::size_t awaited = 0; ///< Confirmations that are still to come.
  };

  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::unordered_map<std::string, channel_state, text_hash, std::equal_to<>>
      channels_;
  std::size_t wanted_ = 0;
  std::size_t in_force_ = 0;
};

} // namespace greenroom::cluster
