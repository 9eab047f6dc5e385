#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cluster/envelope.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::cluster {

/// Which other nodes are there, by what was heard of them; tells the log of
/// each change. Bounded; one thread; time comes from the caller.
class peers {
public:
  /// Beyond, further nodes are not listened to.
  static constexpr std::size_t known_max = 1'024;

  /// A peer that is silent for `lost_after` is lost. It may only be cut off and
  /// come back, sending again what it has sent before; so what is known of it
  /// is kept for `forgotten_after`.
  peers(node_run own, std::chrono::milliseconds lost_after,
        std::chrono::milliseconds forgotten_after);

  /// Something came from `who`. False: it cannot be known, ignore it.
  [[nodiscard]] bool heard(const node_run& who, steady_time now);

  /// Whether one that was lost was heard again since this was asked last.
  [[nodiscard]] bool take_returned() { return std::exchange(returned_, false); }

  /// `who` told that it lives, and the highest kind of traffic that it reads.
  /// Finds nodes that were given the same id.
  void beat(const node_run& who, std::uint64_t reads);

  void left(const node_run& who);

  /// Nobody could be heard until now, so nobody has been silent.
  void listen_anew(steady_time now);

  /// Incarnations.
  struct expired {
    std::vector<std::uint64_t> lost;      ///< Since it was asked last.
    std::vector<std::uint64_t> forgotten; ///< Lost long ago.
  };

  /// Looks who is silent for too long.
  [[nodiscard]] expired expire(steady_time now);

  [[nodiscard]] std::size_t alive() const;

  /// Whether every known peer has said that it reads traffic of this kind; one
  /// that is lost too, as it may only be silent and hear it all.
  [[nodiscard]] bool all_read(traffic kind) const {
    return least_reads_ >= static_cast<std::uint64_t>(kind);
  }

private:
  struct peer {
    std::string node;
    std::uint64_t joined = 0; ///< Its place in the order of joining.
    steady_time last_heard;
    std::uint64_t reads = 0;
    bool lost = false;
    bool duplicate_told = false;
  };

  void recount();
  void tell_lost(std::uint64_t incarnation, peer& whom, steady_time now);

  node_run own_;
  std::chrono::milliseconds lost_after_;
  std::chrono::milliseconds forgotten_after_;
  std::uint64_t joins_ = 0;
  bool returned_ = false;
  std::uint64_t least_reads_ = UINT64_MAX;        ///< Of all that are known.
  std::unordered_map<std::uint64_t, peer> known_; ///< By incarnation.
};

} // namespace greenroom::cluster
