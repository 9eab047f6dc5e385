#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/store.hpp"

namespace greenroom::cluster {

/// The shared keys of one room on this node: which changes the room was told,
/// what waits for those before it, and the answers that wait for changes. What
/// is under the keys is the room's to keep. No I/O, no clock; one thread.
class shared_state {
public:
  using steady = std::chrono::steady_clock::time_point;

  class outlet {
  public:
    virtual void state_tells(std::vector<stored_key> what, bool whole) = 0;
    virtual void state_answers(const key_answer& what, std::uint64_t bytes) = 0;

  protected:
    ~outlet() = default;
  };

  /// Changes that are heard and cannot be told yet are kept up to either bound;
  /// beyond, they are read.
  shared_state(std::size_t ahead_max, std::size_t ahead_bytes_max, outlet& to)
    : ahead_max_(ahead_max), ahead_bytes_max_(ahead_bytes_max), to_(to) {}

  /// Number of the newest change that was told.
  [[nodiscard]] std::uint64_t have() const { return have_; }

  /// Of the epoch that is told. False: something before them is missing.
  bool heard(std::vector<stored_key> changes);

  /// Another epoch: `whole` comes next.
  void turn(std::string epoch);

  /// All that there are, as of change `number`.
  void whole(std::uint64_t number, std::vector<stored_key> keys);

  /// One of this node's changes, which may come before those in front of it.
  /// False: there is no place for it.
  bool put(stored_key what);

  /// The answer to a change, from Redis in that epoch: it is given when what it
  /// tells of has been told.
  void answered(const key_answer& how, const std::string& epoch,
                std::uint64_t bytes, steady since);

  /// Tells what follows without a hole, and gives the answers that wait for it.
  void advance();

  /// Answers that have waited since before `then` are `unavailable`.
  void give_up_older(steady then);

private:
  struct waiting {
    key_answer how;
    std::string epoch;
    std::uint64_t bytes = 0;
    steady since;
  };

  void release();
  void drop_ahead_to(std::uint64_t number);

  std::size_t ahead_max_;
  std::size_t ahead_bytes_max_;
  outlet& to_;
  std::string epoch_;
  std::uint64_t have_ = 0;
  std::map<std::uint64_t, stored_key> ahead_; ///< By number.
  std::size_t ahead_bytes_ = 0;
  std::deque<waiting> waiting_;
};

} // namespace greenroom::cluster
