#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace greenroom::cluster {

/// What was published and is not yet acknowledged by Redis, in order: first
/// what is on its way, then what waits. Bounded in bytes. One thread, no I/O.
///
///   [ on its way: `take`n, not `answered` | waits ]   <- push
class publish_queue {
public:
  struct entry {
    std::string channel;
    std::string bytes;
    std::size_t messages = 1;   ///< In them.
    bool is_expendable = false; ///< See `offer`.
  };

  struct loss {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  explicit publish_queue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Makes room by dropping the oldest that wait, expendable ones before all
  /// others; tells what was dropped, which is the new one itself if there is no
  /// other way.
  loss push(entry what);

  /// Takes what is expendable, which is in nobody's way: only up to a quarter
  /// of the bytes, and it is the first that is dropped. False: it was not
  /// taken.
  [[nodiscard]] bool offer(entry what);

  /// The next that waits, which is on its way now. Null: none waits.
  const entry* take();

  /// The oldest on its way has arrived (or never will). Gives its messages.
  std::size_t answered();

  /// The connection broke: whatever was on its way waits again, since nobody
  /// knows how far it came.
  void rewind();

  /// Takes out what was published to channels for whose slots `which` holds, in
  /// its order. What is on its way there is still to be `answered`.
  [[nodiscard]] std::vector<entry>
  take_out(const std::function<bool(std::uint16_t slot)>& which);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t on_the_way() const { return taken_; }
  [[nodiscard]] std::size_t on_the_way_bytes() const { return taken_bytes_; }

private:
  static std::size_t cost(const entry& what);

  /// It was taken out while it was on its way.
  static bool is_husk(const entry& what) { return what.channel.empty(); }

  void drop_oldest_waiting(loss& so_far);
  void count_expendable();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t taken_ = 0;
  std::size_t taken_bytes_ = 0;
  std::size_t expendable_ = 0; ///< Of those that wait.
  std::deque<entry> entries_;
};

} // namespace greenroom::cluster
