#include "net/io_loop.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

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

/// Turns in a row that do not look at Asio's sockets.
constexpr int turns_without_asio_max = 8;

/// One read of a socket: several messages of a busy client, a large one whole.
constexpr std::size_t read_bytes = 64 * 1024;

/// Reading the clock after every handler would cost more than some handlers.
constexpr int handlers_per_clock_reading = 64;

/// A turn this long is told: every client of the loop has felt it.
constexpr milliseconds stall_threshold{250};

} // namespace

io_loop::bell::bell(io_loop& in)
  : in_(in), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!event_ || !in.sockets_.add(event_.get(), *this, poller::reads))
    throw std::system_error{errno, std::generic_category(), "eventfd"};
}

void io_loop::bell::ring() const {
  ::eventfd_write(event_.get(), 1);
}

void io_loop::bell::on_readable() {
  eventfd_t rung;
  ::eventfd_read(event_.get(), &rung);
  in_.run_calls();
}

io_loop::io_loop(caf::actor_system& system, std::uint32_t index, bool io_uring)
  : actors::loop(system, index),
    bell_(*this),
    read_buffer_(read_bytes),
    batch_(sends(), io_uring) {
  read_clocks();
}

boost::asio::io_context& io_loop::io() {
  if (!sockets_ready_) // Two that own a descriptor each.
    sockets_ready_.emplace(io_, ::fcntl(sockets_.fd(), F_DUPFD_CLOEXEC, 0));
  return io_;
}

void io_loop::run() {
  enter();
  log::emit(events::loop_started,
            {{"loop", index()},
             {"sends", batch_.uses_io_uring() ? "io_uring" : "send"}});
  while (!stopping_.load(std::memory_order_relaxed)) {
    wait();
    read_clocks();
    run_sockets();
    run_turn();
    auto spent = steady_clock::now() - now_;
    counters_.turn_time.observe(spent);
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
  bell_.ring();
}

void io_loop::call(std::function<void()> what) {
  bool first;
  {
    std::lock_guard guard{calls_lock_};
    first = calls_.empty();
    calls_.push_back(std::move(what));
  }
  if (first)
    wake();
}

void io_loop::run_calls() {
  std::vector<std::function<void()>> due;
  {
    std::lock_guard guard{calls_lock_};
    due.swap(calls_);
  }
  for (const auto& what : due)
    what();
}

/// Until a socket is ready, another thread wakes us, or a timer is due; not at
/// all while there is work.
void io_loop::wait() {
  bool in_asio = asio_waits();
  auto until = has_work() ? steady_time::min()
                          : timers().next().value_or(steady_time::max());
  if (!in_asio) {
    sockets_.wait(until);
  } else if (!sockets_.wait(steady_time::min()) && !has_work()) {
    wait_in_asio();
    sockets_.wait(steady_time::min());
  }
}

/// Whether Asio has something that is not done yet. Without that its look is
/// cheap: it makes no system call.
bool io_loop::asio_waits() {
  if (!sockets_ready_)
    return false;
  if (!asio_waits_) {
    slept_ = true; // Its handlers come before the turn.
    run_asio(steady_time::max());
  }
  return asio_waits_;
}

void io_loop::wait_in_asio() {
  if (!std::exchange(sockets_awaited_, true))
    sockets_ready_->async_wait(
        boost::asio::posix::descriptor_base::wait_read,
        [this](boost::system::error_code) { sockets_awaited_ = false; });
  slept_ = true;
  if (auto due = timers().next())
    io_.run_one_until(*due);
  else
    io_.run_one();
  if (!sockets_awaited_)
    return;
  // It was something else: there may be more of it. And by itself this wait is
  // no reason to come back here.
  sockets_ready_->cancel();
  run_asio(steady_time::max());
}

void io_loop::run_sockets() {
  auto until = now_ + socket_budget;
  auto told = sockets_.poll(until);
  while (told == poller::batch_max && steady_clock::now() < until
         && sockets_.wait(steady_time::min()))
    told = sockets_.poll(until);
  // Asio's look at its sockets costs a system call: not each time.
  if (asio_waits_ && ++turns_without_asio_ > turns_without_asio_max) {
    turns_without_asio_ = 0;
    run_asio(until);
  }
}

void io_loop::run_asio(steady_time until) {
  io_.restart();
  int done = 0;
  while (done < socket_handlers_max && io_.poll_one() > 0)
    if (++done % handlers_per_clock_reading == 0
        && steady_clock::now() >= until)
      break;
  asio_waits_ = !io_.stopped();
}

void io_loop::read_clocks() const {
  slept_ = false;
  now_ = steady_clock::now();
  wall_now_ = std::chrono::duration_cast<milliseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count();
}

} // namespace greenroom::net
