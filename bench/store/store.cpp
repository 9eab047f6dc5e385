// How many messages a second a sqlite_store takes on this machine:
//
//   build/release/store_bench FOLDER [ROOMS [IN_FLIGHT [SECONDS [BYTES]]]]
//
// One loop appends to ROOMS rooms, IN_FLIGHT messages at a time in all, each
// with an id. FOLDER says which disk; the file in it is deleted before and
// after.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cluster/sqlite_store.hpp"

using namespace greenroom;
using std::chrono::steady_clock;

namespace {

class waiting_loop final : public loop_entrance {
public:
  void call(std::function<void()> what) override {
    std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(what));
    came_.notify_one();
  }

  void turn() {
    std::unique_lock lock{mutex_};
    came_.wait(lock, [this] { return !waiting_.empty(); });
    auto now = std::exchange(waiting_, {});
    lock.unlock();
    for (auto& what : now)
      what();
  }

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::function<void()>> waiting_;
};

struct figures {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::vector<double> waits; ///< Of each message, milliseconds.
};

class publisher final : public room_store::listener {
public:
  publisher(store& in, loop_entrance& loop, const std::string& id,
            figures& count)
    : count_(count),
      is_(in.open({room_space::protocol, id}, log_bounds{room_settings{}}, 0,
                  loop, *this)) {}

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

  [[nodiscard]] bool is_open() const { return is_->is_open(); }
  [[nodiscard]] std::size_t in_flight() const { return sent_.size(); }

  void append(const room_event_ptr& what) {
    auto now = std::chrono::duration_cast<milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count();
    sent_.push_back(steady_clock::now());
    if (is_->append({what, "s-0123456789abcdefghijklmnop", ++id_, now})) {
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

int measure(const std::string& path, std::size_t rooms, std::size_t in_flight,
            double seconds, std::size_t bytes) {
  cluster::sqlite_options options;
  options.path = path;
  auto opened = cluster::open_sqlite_store(options);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text.c_str());
    return 1;
  }
  auto& logs = **opened;
  waiting_loop loop;
  figures count;
  std::vector<std::unique_ptr<publisher>> all;
  for (std::size_t i = 0; i < rooms; ++i)
    all.push_back(std::make_unique<publisher>(
        logs, loop, "room" + std::to_string(i), count));
  while (!std::ranges::all_of(all, [](auto& each) { return each->is_open(); }))
    loop.turn();
  auto before = logs.statistics();
  auto message = message_of(bytes);
  auto start = steady_clock::now();
  auto end = start
             + std::chrono::duration_cast<steady_clock::duration>(
                 std::chrono::duration<double>{seconds});
  auto each_max = std::max<std::size_t>(in_flight / rooms, 1);
  while (steady_clock::now() < end) {
    for (auto& room : all)
      while (room->in_flight() < each_max)
        room->append(message);
    loop.turn();
  }
  std::chrono::duration<double> took = steady_clock::now() - start;
  auto after = logs.statistics();
  std::ranges::sort(count.waits);
  auto commits = static_cast<double>(after.commits - before.commits);
  auto accepted = static_cast<double>(count.accepted);
  std::printf("rooms %zu, in flight %zu, %zu bytes: %.0f appends/s in %.0f "
              "commits/s (%.0f each, %.2f ms), answered after %.2f ms (p50), "
              "%.2f ms (p99); %llu refused\n",
              rooms, each_max * rooms, bytes, accepted / took.count(),
              commits / took.count(), accepted / std::max(commits, 1.0),
              static_cast<double>(after.commit_us - before.commit_us) / 1'000
                  / std::max(commits, 1.0),
              at(count.waits, 0.5), at(count.waits, 0.99),
              static_cast<unsigned long long>(count.refused));
  return 0;
}

} // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr,
                 "usage: %s FOLDER [ROOMS [IN_FLIGHT [SECONDS [BYTES]]]]\n",
                 arguments[0]);
    return 2;
  }
  auto number = [&](int place, std::size_t usual) -> std::size_t {
    return count > place ? std::strtoul(arguments[place], nullptr, 10) : usual;
  };
  auto path = std::string{arguments[1]} + "/store_bench.db";
  auto clean = [&] {
    for (const auto* part : {"", "-wal", "-shm"})
      std::filesystem::remove(path + part);
  };
  clean();
  auto result =
      measure(path, std::max<std::size_t>(number(2, 1), 1), number(3, 256),
              static_cast<double>(number(4, 5)), number(5, 100));
  clean();
  return result;
}
