// redis_floor: what Redis alone does with the traffic that nodes mirror, as the
// line to measure a cluster against: the same channels, message size and number
// of subscribed connections, and next to nothing around it. hiredis connects,
// subscribes and formats; since all messages have one length, what arrives is
// counted by its bytes.
//
//   redis_floor PORT PID --size B [--channels N] [--subscribers S]
//       [--window W] [--warmup S] [--duration S]
//
// PID is Redis's, whose CPU time is told, too. A message goes round when the
// last subscriber has it. With a window of 1 the round trip is what counts,
// with more how many messages arrive in a second. One JSON object on stdout.
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/wsload/clock.hpp"
#include "bench/wsload/histogram.hpp"
#include "bench/wsload/process_sample.hpp"

namespace {

using namespace greenroom::bench;

struct options {
  int port = 0;
  int redis_pid = 0;
  int size = 0;
  int channels = 1;
  int subscribers = 2;
  int window = 1;
  double warmup = 0.5;
  double duration = 2;
};

struct context_delete {
  void operator()(redisContext* it) const { redisFree(it); }
};
using connection = std::unique_ptr<redisContext, context_delete>;

struct reply_delete {
  void operator()(redisReply* it) const { freeReplyObject(it); }
};
using reply = std::unique_ptr<redisReply, reply_delete>;

connection connect_to(int port) {
  connection to{redisConnect("127.0.0.1", port)};
  if (!to || to->err != 0)
    throw std::runtime_error(to ? to->errstr : "out of memory");
  const int one = 1;
  setsockopt(to->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return to;
}

/// All names have one length, and so have all messages: about what a node's
/// channels have.
std::string channel_name(int number) {
  char text[32];
  std::snprintf(text, sizeof text, "greenroom:room:r:%04d", number % 10'000);
  return text;
}

std::string command(std::string_view name, std::string_view channel,
                    std::string_view bytes = {}) {
  const char* parts[] = {name.data(), channel.data(), bytes.data()};
  const std::size_t sizes[] = {name.size(), channel.size(), bytes.size()};
  char* formatted = nullptr;
  const auto size =
      redisFormatCommandArgv(&formatted, bytes.empty() ? 2 : 3, parts, sizes);
  if (size < 0)
    throw std::bad_alloc{};
  std::string text(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
  return text;
}

/// Counts whole messages of `size` bytes as they come.
class counter {
public:
  explicit counter(std::size_t size) : size_(size) {}

  /// Reads once. False: nothing is there.
  bool read(int fd, int flags) {
    const auto got = recv(fd, buffer_.data(), buffer_.size(), flags);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return false;
    if (got <= 0)
      throw std::runtime_error("Redis closed the connection");
    bytes_ += static_cast<std::size_t>(got);
    return true;
  }

  [[nodiscard]] std::uint64_t messages() const { return bytes_ / size_; }

private:
  std::size_t size_;
  std::uint64_t bytes_ = 0;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
};

class floor_run {
public:
  explicit floor_run(const options& how)
    : opt_(how),
      body_(static_cast<std::size_t>(how.size), 'x'),
      publisher_(connect_to(how.port)) {
    for (int i = 0; i < opt_.channels; ++i)
      commands_.push_back(command("PUBLISH", channel_name(i), body_));
    const auto pushed = pushed_bytes();
    for (int i = 0; i < opt_.subscribers; ++i) {
      subscribers_.push_back(connect_to(opt_.port));
      received_.emplace_back(pushed);
      subscribe(*subscribers_.back());
    }
  }

  void run() {
    window_begin_ = now_ns() + from_seconds(opt_.warmup);
    window_end_ = window_begin_ + from_seconds(opt_.duration);
    if (opt_.window == 1)
      go_round();
    else
      keep_full();
  }

  void print() const {
    const double seconds = static_cast<double>(ended_ - began_) * 1e-9;
    const auto count = static_cast<double>(end_count_ - begin_count_);
    auto us = [this](double q) {
      return static_cast<double>(round_trip_.quantile(q)) * 1e-3;
    };
    auto each_us = [&](double cpu_s) {
      return count > 0 ? cpu_s * 1e6 / count : 0;
    };
    const double redis_s = redis_end_.cpu_s() - redis_begin_.cpu_s();
    std::printf(
        "{\"messages\":%.0f,\"messages_per_s\":%.0f,\"p50_us\":%.1f,"
        "\"p99_us\":%.1f,\"redis_cpu_us\":%.3f,\"redis_cpu_share\":%.3f,"
        "\"floor_cpu_us\":%.3f,\"floor_cpu_share\":%.3f}\n",
        count, count / seconds, us(.5), us(.99), each_us(redis_s),
        redis_s / seconds, each_us(own_end_ - own_begin_),
        (own_end_ - own_begin_) / seconds);
  }

private:
  [[nodiscard]] std::size_t pushed_bytes() const {
    return command("message", channel_name(0), body_).size();
  }

  void subscribe(redisContext& to) {
    for (int i = 0; i < opt_.channels; ++i) {
      const auto channel = channel_name(i);
      reply confirmed{static_cast<redisReply*>(
          redisCommand(&to, "SUBSCRIBE %b", channel.data(), channel.size()))};
      if (!confirmed || confirmed->type != REDIS_REPLY_ARRAY)
        throw std::runtime_error("SUBSCRIBE failed");
    }
  }

  void send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto taken =
          send(publisher_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (taken < 0 && errno != EINTR)
        throw std::runtime_error("send");
      bytes.remove_prefix(
          static_cast<std::size_t>(std::max<ssize_t>(taken, 0)));
    }
  }

  /// Measures what happened within the window.
  void look_at_clock(nanos now) {
    if (began_ == 0 && now >= window_begin_) {
      began_ = now;
      begin_count_ = received_.back().messages();
      redis_begin_ = sample_processes({opt_.redis_pid});
      own_begin_ = own_cpu_s();
    }
    if (now >= window_end_) {
      ended_ = now;
      end_count_ = received_.back().messages();
      redis_end_ = sample_processes({opt_.redis_pid});
      own_end_ = own_cpu_s();
    }
  }

  // -- one under way

  /// Two threads, as there are two nodes: one publishes and is woken by the
  /// answer and, as the first subscriber, by its own message; the other gets
  /// what is measured.
  void go_round() {
    const int arrived = eventfd(0, EFD_CLOEXEC);
    std::thread peer{[this, arrived] {
      listen(arrived);
    }};
    for (std::uint64_t i = 0; ended_ == 0; ++i) {
      sent_ = now_ns();
      look_at_clock(sent_);
      send_all(commands_[i % commands_.size()]);
      wait_for(arrived);
    }
    // Whatever the last subscriber is waiting for never comes.
    shutdown(subscribers_.back()->fd, SHUT_RDWR);
    peer.join();
    ::close(arrived);
  }

  void listen(int arrived) {
    auto& last = received_.back();
    const std::uint64_t one = 1;
    try {
      for (std::uint64_t i = 0;; ++i) {
        while (last.messages() <= i)
          last.read(subscribers_.back()->fd, 0);
        const nanos now = now_ns();
        if (sent_ >= window_begin_)
          round_trip_.add(static_cast<std::uint64_t>(now - sent_));
        if (write(arrived, &one, sizeof one) != sizeof one)
          return;
      }
    } catch (const std::runtime_error&) {
      // The end: nothing is sent any more.
    }
  }

  /// Until the last subscriber has it; takes what else comes.
  void wait_for(int arrived) {
    std::vector<pollfd> ready{{arrived, POLLIN, 0},
                              {publisher_->fd, POLLIN, 0}};
    for (std::size_t i = 0; i + 1 < subscribers_.size(); ++i)
      ready.push_back({subscribers_[i]->fd, POLLIN, 0});
    for (;;) {
      if (poll(ready.data(), ready.size(), 10'000) == 0)
        throw std::runtime_error("a message did not arrive");
      read_answers(ready[1].revents);
      for (std::size_t i = 2; i < ready.size(); ++i)
        if (ready[i].revents != 0)
          received_[i - 2].read(ready[i].fd, MSG_DONTWAIT);
      std::uint64_t count = 0;
      if (ready[0].revents != 0
          && read(arrived, &count, sizeof count) == sizeof count)
        return;
    }
  }

  /// Nobody looks into them.
  void read_answers(int events) const {
    char answers[16 * 1024];
    if (events != 0)
      (void)!recv(publisher_->fd, answers, sizeof answers, MSG_DONTWAIT);
  }

  // -- many under way

  void keep_full() {
    std::vector<pollfd> ready;
    for (const auto& each : subscribers_)
      ready.push_back({each->fd, POLLIN, 0});
    ready.push_back({publisher_->fd, POLLIN, 0});
    while (ended_ == 0) {
      look_at_clock(now_ns());
      publish_more();
      poll(ready.data(), ready.size(), 100);
      for (std::size_t i = 0; i < subscribers_.size(); ++i)
        if (ready[i].revents != 0)
          received_[i].read(subscribers_[i]->fd, MSG_DONTWAIT);
      read_answers(ready.back().revents);
    }
  }

  void publish_more() {
    auto arrived = received_.front().messages();
    for (const auto& each : received_)
      arrived = std::min(arrived, each.messages());
    batch_.clear();
    for (; published_ < arrived + static_cast<std::uint64_t>(opt_.window);
         ++published_)
      batch_ += commands_[published_ % commands_.size()];
    send_all(batch_);
  }

  options opt_;
  std::string body_;
  connection publisher_;
  std::vector<connection> subscribers_;
  std::vector<counter> received_;
  std::vector<std::string> commands_;
  std::string batch_;
  std::uint64_t published_ = 0;
  histogram round_trip_;
  std::atomic<nanos> sent_ = 0;
  nanos window_begin_ = 0;
  nanos window_end_ = 0;
  nanos began_ = 0;
  nanos ended_ = 0;
  std::uint64_t begin_count_ = 0;
  std::uint64_t end_count_ = 0;
  process_sample redis_begin_;
  process_sample redis_end_;
  double own_begin_ = 0;
  double own_end_ = 0;
};

[[noreturn]] void usage() {
  std::fputs("usage: redis_floor PORT PID --size B [--channels N] "
             "[--subscribers S] [--window W] [--warmup S] [--duration S]\n",
             stderr);
  std::exit(2);
}

options parse(int argc, char** argv) {
  options to;
  if (argc < 3 || argc % 2 == 0)
    usage();
  to.port = std::atoi(argv[1]);
  to.redis_pid = std::atoi(argv[2]);
  const std::map<std::string_view, int*> whole{
      {"--size", &to.size},
      {"--channels", &to.channels},
      {"--subscribers", &to.subscribers},
      {"--window", &to.window}};
  const std::map<std::string_view, double*> seconds{
      {"--warmup", &to.warmup}, {"--duration", &to.duration}};
  for (int i = 3; i < argc; i += 2) {
    if (auto found = whole.find(argv[i]); found != whole.end())
      *found->second = std::atoi(argv[i + 1]);
    else if (auto other = seconds.find(argv[i]); other != seconds.end())
      *other->second = std::atof(argv[i + 1]);
    else
      usage();
  }
  if (to.port <= 0 || to.redis_pid <= 0 || to.size < 1 || to.channels < 1
      || to.subscribers < 1 || to.window < 1)
    usage();
  return to;
}

} // namespace

int main(int argc, char** argv) {
  const auto how = parse(argc, argv);
  try {
    floor_run run{how};
    run.run();
    run.print();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "redis_floor: %s\n", error.what());
    return 1;
  }
}
