#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include "core/outbox.hpp"

namespace greenroom::test {

/// An outbox whose socket is a string: takes up to `room` bytes at a flush and
/// is blocked then, as a full socket is.
class fake_outbox : public outbox {
public:
  explicit fake_outbox(run_once_queue& sends, std::size_t bytes_max = 1 << 20)
    : outbox(sends, bytes_max) {}

  void run() override { flush(); }

  using outbox::frames;

  void too_slow() override {
    closed_as_slow = true;
    cut();
  }

  void flush() {
    std::array<iovec, 4> ranges; // Few, so that tests meet the limit.
    while (!is_blocked()) {
      auto used = gather(ranges);
      if (used == 0)
        return;
      ++sends_made;
      std::size_t wanted = 0;
      std::size_t taken = 0;
      for (std::size_t i = 0; i < used; ++i) {
        if (sees_range)
          sees_range(ranges[i]);
        auto part = std::min(ranges[i].iov_len, room);
        got.append(static_cast<const char*>(ranges[i].iov_base), part);
        room -= part;
        taken += part;
        wanted += ranges[i].iov_len;
      }
      sent(taken);
      if (taken < wanted)
        set_blocked(true);
    }
  }

  /// The client has read something: the socket takes `more` bytes again.
  void unblock(std::size_t more) {
    room = more;
    set_blocked(false);
    flush();
  }

  void lose() { shut(); }

  std::string got;
  std::size_t room = std::string::npos;
  std::size_t sends_made = 0;
  bool closed_as_slow = false;
  std::function<void(const iovec&)> sees_range; ///< Told of what is sent.
};

} // namespace greenroom::test
