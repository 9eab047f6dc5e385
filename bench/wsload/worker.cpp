#include "bench/wsload/worker.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace greenroom::bench {

namespace {

constexpr nanos longest_wait = 20 * millisecond;

} // namespace

worker::worker(load& shared, int index)
  : load_(shared),
    opt_(shared.opt),
    epoll_(epoll_create1(EPOLL_CLOEXEC)),
    texts_(shared.opt),
    buffer_(256 * 1024),
    random_(0x9e3779b9U * static_cast<unsigned>(index + 1)) {
  const auto rooms = static_cast<std::uint32_t>(opt_.rooms);
  for (int i = index; i < opt_.connections; i += opt_.threads) {
    mine_.push_back(i);
    if (i < opt_.senders)
      senders_.push_back(i);
    client& who = at(i);
    who.id = static_cast<std::uint32_t>(i);
    who.room = who.id % rooms;
    who.seat = who.id / rooms;
    if (opt_.mode != run_mode::idle)
      who.tracks.resize(shared.senders_near(who));
  }
}

worker::~worker() {
  for (int i : mine_)
    if (at(i).fd >= 0)
      ::close(at(i).fd);
  ::close(epoll_);
}

void worker::run() {
  prctl(PR_SET_TIMERSLACK, 1000); // Due times are met to the microsecond.
  const bool publishes =
      opt_.mode == run_mode::fanout || opt_.mode == run_mode::rooms;
  const nanos began = now_ns();
  std::array<epoll_event, 512> events;
  for (std::size_t turn = 1; !load_.stop.load(std::memory_order_relaxed);
       ++turn) {
    nanos now = now_ns();
    nanos wake = now + longest_wait;
    if (opened_ < mine_.size())
      wake = std::min(wake, open_more(now, began));
    if (!started_ && load_.go.load(std::memory_order_acquire)) {
      started_ = true;
      if (opt_.mode == run_mode::round_trip)
        start_round_trips();
    }
    if (!asked_ && load_.ask.load(std::memory_order_acquire)) {
      asked_ = true;
      ask_all();
    }
    if (started_ && publishes && now < load_.window_end)
      wake = std::min(wake, opt_.window > 0 ? keep_window_full(now)
                                            : send_what_is_due(now));
    if (turn % 16 == 0 || now + millisecond < wake)
      publish_counts();

    now = now_ns();
    const auto wait = to_timespec(std::max<nanos>(wake - now, 0));
    const int ready = epoll_pwait2(
        epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    for (int i = 0; i < ready; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      on_event(load_.clients[event.data.u32], event.events);
    }
  }
}

void worker::publish_counts() {
  load_.expected.fetch_add(counted_.expected - published_expected_);
  load_.received.fetch_add(counted_.received - published_received_);
  published_expected_ = counted_.expected;
  published_received_ = counted_.received;
}

} // namespace greenroom::bench
