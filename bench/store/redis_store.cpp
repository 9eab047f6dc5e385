// How many messages a second one node's rooms of order `total` take through a
// Redis, and what that Redis does without a node:
//
//   build/release/redis_store_bench PORT [ROOMS [IN_FLIGHT [SECONDS [BYTES]]]]
//
// One loop has the rooms and talks to Redis, as a node's first loop does; it
// appends to ROOMS rooms, IN_FLIGHT messages at a time in all, each with an id,
// and hears them all. Then the same calls of the same function from one
// connection that only counts the answers, and plain XADDs. Redis should be
// empty; keys are left there under `bench`.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <hiredis/hiredis.h>

#include "cluster/log_wire.hpp"
#include "cluster/redis_store.hpp"
#include "cluster/room_functions.hpp"
#include "core/message_key.hpp"
#include "net/poller.hpp"

using namespace greenroom;
using std::chrono::steady_clock;

namespace {

constexpr const char* session = "s-0123456789abcdefghijklmnop";
constexpr int messages_per_call = 128;

std::int64_t wall_now() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A node's first loop, as far as this needs it.
class one_loop final : public loop_entrance {
public:
  void call(std::function<void()> what) override {
    waiting_.push_back(std::move(what));
  }

  void turn() {
    auto now = steady_clock::now();
    sockets_.wait(waiting_.empty() ? now + std::chrono::milliseconds{1} : now);
    sockets_.poll(steady_time::max());
    io_.restart();
    io_.poll();
    timers_.run_due(steady_clock::now());
    for (auto& what : std::exchange(waiting_, {}))
      what();
    turn_end_.run_all();
  }

  [[nodiscard]] cluster::redis_loop parts() {
    return {io_, sockets_, timers_, turn_end_};
  }

private:
  boost::asio::io_context io_{1};
  net::poller sockets_;
  timer_queue timers_;
  run_once_queue turn_end_;
  std::vector<std::function<void()>> waiting_;
};

struct figures {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t heard = 0;
  std::vector<double> waits; ///< Of each message, milliseconds.
};

class publisher final : public room_store::listener {
public:
  publisher(store& in, loop_entrance& loop, const std::string& id,
            figures& count)
    : count_(count),
      is_(in.open({room_space::protocol, id}, log_bounds{room_settings{}},
                  wall_now(), loop, *this)) {}

  void log_opened(store_result<void> how) override {
    if (!how)
      std::abort();
  }

  void log_appended(appended what) override {
    auto waited = steady_clock::now() - sent_.front();
    sent_.pop_front();
    ++(what.is == appended::verdict::accepted ? count_.accepted
                                              : count_.refused);
    count_.waits.push_back(
        std::chrono::duration<double, std::milli>(waited).count());
  }

  void log_heard(room_store::entries what) override {
    count_.heard += what.size();
  }

  [[nodiscard]] bool is_open() const { return is_->is_open(); }
  [[nodiscard]] std::size_t in_flight() const { return sent_.size(); }

  void append(const room_event_ptr& what) {
    sent_.push_back(steady_clock::now());
    if (is_->append({what, session, ++id_, wall_now()})) {
      sent_.pop_back();
      ++count_.refused;
    }
  }

private:
  figures& count_;
  std::int64_t id_ = 0;
  std::deque<steady_clock::time_point> sent_;
  std::unique_ptr<room_store> is_; ///< Goes first.
};

room_event_ptr message_of(std::size_t bytes) {
  posted what;
  what.user_id = "somebody";
  what.body.said = {protocol::encoding::json,
                    '"' + std::string(bytes, 'x') + '"'};
  return std::make_shared<const room_event>(std::move(what));
}

double at(std::vector<double>& sorted, double part) {
  if (sorted.empty())
    return 0;
  auto place =
      static_cast<std::size_t>(part * static_cast<double>(sorted.size()));
  return sorted[std::min(place, sorted.size() - 1)];
}

struct plan {
  int port = 6379;
  std::size_t rooms = 1;
  std::size_t in_flight = 256;
  double seconds = 5;
  std::size_t bytes = 100;
};

steady_clock::time_point end_of(const plan& how) {
  return steady_clock::now()
         + std::chrono::duration_cast<steady_clock::duration>(
             std::chrono::duration<double>{how.seconds});
}

double store_rate(const plan& how) {
  one_loop loop;
  settings::cluster_settings where;
  where.redis = "redis://127.0.0.1:" + std::to_string(how.port);
  cluster::redis_store_options options;
  options.link = std::move(*cluster::link_options(where));
  options.node_id = "bench";
  options.logs.prefix = "bench";
  options.logs.call_messages_max = messages_per_call;
  auto logs = cluster::make_redis_store(loop.parts(), loop, options);
  figures count;
  std::vector<std::unique_ptr<publisher>> all;
  for (std::size_t i = 0; i < how.rooms; ++i)
    all.push_back(std::make_unique<publisher>(
        *logs, loop, "room" + std::to_string(i), count));
  while (!std::ranges::all_of(all, [](auto& each) { return each->is_open(); }))
    loop.turn();
  auto message = message_of(how.bytes);
  auto each_max = std::max<std::size_t>(how.in_flight / how.rooms, 1);
  auto start = steady_clock::now();
  for (auto end = end_of(how); steady_clock::now() < end; loop.turn())
    for (auto& room : all)
      while (room->in_flight() < each_max)
        room->append(message);
  std::chrono::duration<double> took = steady_clock::now() - start;
  std::ranges::sort(count.waits);
  auto rate = static_cast<double>(count.accepted) / took.count();
  std::printf("redis_store: rooms %zu, in flight %zu, %zu bytes: %.0f "
              "appends/s, answered after %.2f ms (p50), %.2f ms (p99); %.0f "
              "heard/s; %llu refused\n",
              how.rooms, each_max * how.rooms, how.bytes, rate,
              at(count.waits, 0.5), at(count.waits, 0.99),
              static_cast<double>(count.heard) / took.count(),
              static_cast<unsigned long long>(count.refused));
  return rate;
}

using connection = std::unique_ptr<redisContext, decltype(&redisFree)>;
using answer = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

answer next_answer(redisContext& from) {
  void* reply = nullptr;
  if (redisGetReply(&from, &reply) != REDIS_OK)
    std::abort();
  answer is{static_cast<redisReply*>(reply), freeReplyObject};
  if (is->type == REDIS_REPLY_ERROR) {
    std::fprintf(stderr, "%s\n", is->str);
    std::exit(1);
  }
  return is;
}

void send(redisContext& to, const std::vector<std::string>& command) {
  std::vector<const char*> parts;
  std::vector<std::size_t> sizes;
  for (const auto& part : command) {
    parts.push_back(part.data());
    sizes.push_back(part.size());
  }
  if (redisAppendCommandArgv(&to, static_cast<int>(parts.size()), parts.data(),
                             sizes.data())
      != REDIS_OK)
    std::abort();
}

/// `make` gives the next command; so many of its messages a second. As many
/// commands are under way as bring the plan's messages, two at least.
template <class Make>
double raw_rate(const plan& how, std::size_t messages, Make make) {
  connection to{redisConnect("127.0.0.1", how.port), redisFree};
  if (to == nullptr || to->err != 0)
    std::abort();
  auto window = std::max<std::size_t>(how.in_flight / messages, 2);
  std::size_t under_way = 0;
  std::uint64_t done = 0;
  auto start = steady_clock::now();
  for (auto end = end_of(how); steady_clock::now() < end; ++done) {
    for (; under_way < window; ++under_way)
      send(*to, make());
    next_answer(*to);
    --under_way;
  }
  std::chrono::duration<double> took = steady_clock::now() - start;
  while (under_way-- > 0)
    next_answer(*to);
  return static_cast<double>(done * messages) / took.count();
}

double function_rate(const plan& how) {
  connection to{redisConnect("127.0.0.1", how.port), redisFree};
  send(*to, {"SCRIPT", "LOAD", cluster::room_functions()});
  std::string sha = next_answer(*to)->str;
  auto message = message_of(how.bytes);
  std::int64_t id = 0;
  auto messages =
      std::clamp<std::size_t>(how.in_flight / how.rooms, 1, messages_per_call);
  std::size_t room = 0;
  log_bounds kept{room_settings{}};
  return raw_rate(how, messages, [&] {
    auto tag = "bench:{raw" + std::to_string(room++ % how.rooms) + '}';
    auto now = wall_now();
    std::vector<std::string> call{"EVALSHA",
                                  sha,
                                  "4",
                                  tag + ":meta",
                                  tag + ":log",
                                  tag + ":ids",
                                  tag + ":state",
                                  "append",
                                  "epoch" + std::to_string(id),
                                  tag,
                                  "600000",
                                  std::to_string(now),
                                  std::to_string(kept.messages),
                                  std::to_string(kept.bytes),
                                  std::to_string(kept.age.count()),
                                  std::to_string(kept.dedupe_messages),
                                  std::to_string(kept.dedupe_window.count()),
                                  std::to_string(kept.state_keys),
                                  std::to_string(kept.state_bytes)};
    for (std::size_t i = 0; i < messages; ++i) {
      auto key = message_key(session, ++id);
      call.push_back(key);
      call.emplace_back();
      call.push_back(cluster::pack_entry(now, how.bytes + 300, key, message));
    }
    return call;
  });
}

double xadd_rate(const plan& how) {
  auto entry =
      cluster::pack_entry(0, 0, "s-key#1234567", message_of(how.bytes));
  std::size_t room = 0;
  return raw_rate(how, 1, [&]() -> std::vector<std::string> {
    return {"XADD",   "bench:xadd" + std::to_string(room++ % how.rooms),
            "MAXLEN", "~",
            "1000",   "*",
            "m",      entry};
  });
}

} // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr,
                 "usage: %s PORT [ROOMS [IN_FLIGHT [SECONDS [BYTES]]]]\n",
                 arguments[0]);
    return 2;
  }
  auto number = [&](int place, std::size_t usual) -> std::size_t {
    return count > place ? std::strtoul(arguments[place], nullptr, 10) : usual;
  };
  plan how;
  how.port = static_cast<int>(number(1, 6379));
  how.rooms = std::max<std::size_t>(number(2, 1), 1);
  how.in_flight = number(3, 256);
  how.seconds = static_cast<double>(number(4, 5));
  how.bytes = number(5, 100);
  auto rate = store_rate(how);
  auto function = function_rate(how);
  std::printf("the same calls from one connection: %.0f appends/s; "
              "redis_store has %.2f of it\n",
              function, rate / function);
  std::printf("XADD alone, pipelined: %.0f/s\n", xadd_rate(how));
  return 0;
}
