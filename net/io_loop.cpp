#include "net/io_loop.hpp"

#include <fcntl.h>

#include <boost/asio/post.hpp>

#include "core/events.hpp"

namespace greenroom::net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long sockets may keep a turn before actors and sends have theirs: long
/// enough that what comes together leaves together, short beside what people
/// notice. A trial of the fan-out path found both: with a bound of 256 handlers
/// a delivery in coalesced bursts cost three times as much.
constexpr milliseconds socket_budget{2};
constexpr int socket_handlers_max = 16'384;

/// Turns in a row that look at clients alone.
constexpr int turns_without_asio_max = 8;

/// One read of a socket: several messages of a busy client, a large one whole.
constexpr std::size_t read_bytes = 64 * 1024;

/// Reading the clock after every handler would cost more than some handlers.
constexpr int handlers_per_clock_reading = 64;

/// A turn this long is told: every client of the loop has felt it.
constexpr milliseconds stall_threshold{250};

} // namespace

io_loop::io_loop(caf::actor_system& system, std::uint32_t index, bool io_uring)
  : actors::loop(system, index),
    // Two that own a descriptor each.
    clients_ready_(io_, ::fcntl(clients_.fd(), F_DUPFD_CLOEXEC, 0)),
    read_buffer_(read_bytes),
    batch_(sends(), io_uring) {
  read_clocks();
}

void io_loop::run() {
  enter();
  log::emit(events::loop_started,
            {{"loop", index()},
             {"sends", batch_.uses_io_uring() ? "io_uring" : "send"}});
  auto keep = boost::asio::make_work_guard(io_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    read_clocks();
    if (!run_sockets() && !has_work()) {
      wait();
      read_clocks();
      run_sockets();
    }
    run_turn();
    auto spent = steady_clock::now() - now_;
    if (spent > stall_threshold)
      log::emit(events::loop_stalled,
                {{"loop", index()},
                 {"turn_ms",
                  std::chrono::duration_cast<milliseconds>(spent).count()}});
  }
  // Who only waits for a deadline (a closing session, say) ends with the loop.
  timers().run_due(steady_time::max());
  log::emit(events::loop_stopped, {{"loop", index()}, {"turns", turns()}});
}

void io_loop::stop() {
  stopping_.store(true);
  wake();
}

void io_loop::wake() {
  boost::asio::post(io_, [] {});
}

/// Until a socket is ready, another thread wakes us, or a timer is due.
void io_loop::wait() {
  if (!std::exchange(clients_awaited_, true))
    clients_ready_.async_wait(
        boost::asio::posix::descriptor_base::wait_read,
        [this](boost::system::error_code) { clients_awaited_ = false; });
  slept_ = true;
  if (auto due = timers().next())
    io_.run_one_until(*due);
  else
    io_.run_one();
  if (clients_awaited_) // It was something else: there may be more of it.
    turns_without_asio_ = turns_without_asio_max;
}

/// Gives whether there was anything.
bool io_loop::run_sockets() {
  auto until = now_ + socket_budget;
  auto some = run_clients(until);
  // Asio's look at its sockets costs a system call: under load, when no turn
  // waits, not each time.
  if (++turns_without_asio_ <= turns_without_asio_max)
    return some;
  turns_without_asio_ = 0;
  return run_asio(until) || some;
}

bool io_loop::run_clients(steady_time until) {
  auto told = clients_.poll(until);
  bool some = told > 0;
  while (told == poller::batch_max && steady_clock::now() < until)
    told = clients_.poll(until);
  return some;
}

bool io_loop::run_asio(steady_time until) {
  int done = 0;
  while (done < socket_handlers_max && io_.poll_one() > 0)
    if (++done % handlers_per_clock_reading == 0
        && steady_clock::now() >= until)
      break;
  return done > 0;
}

void io_loop::read_clocks() const {
  slept_ = false;
  now_ = steady_clock::now();
  wall_now_ = std::chrono::duration_cast<milliseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count();
}

} // namespace greenroom::net
