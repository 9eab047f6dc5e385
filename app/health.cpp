#include "app/health.hpp"

#include <utility>

#include "core/events.hpp"

namespace greenroom::app {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// While it is awaited that the first message comes through.
constexpr milliseconds first_beats{5};

std::string in_ms(milliseconds span) {
  return std::to_string(span.count()) + " ms";
}

} // namespace

health::health(boost::asio::io_context& main, const settings& config,
               const std::vector<std::unique_ptr<net::io_loop>>& loops,
               std::function<void()> on_beat)
  : limits_(config.health),
    loops_(loops),
    on_beat_(std::move(on_beat)),
    next_(main),
    began_(steady_clock::now()),
    beaten_(began_) {
  for (std::size_t i = 0; i < loops_.size(); ++i)
    turns_.push_back(std::make_unique<pulse>());
}

void health::start() {
  beat();
}

void health::stop() {
  on_beat_ = nullptr;
}

void health::beat() {
  auto now = steady_clock::now();
  beaten_ = now;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    auto& turns = *turns_[i];
    if (turns.away(now))
      continue; // One call at a time waits for a loop that is stuck.
    turns.goes_out(now);
    loops_[i]->call([&turns] { turns.is_back(steady_clock::now()); });
  }
  if (on_beat_) {
    look_at_canary();
    on_beat_();
  }
  next_.expires_after(pause());
  next_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled)
      beat();
  });
}

/// Often enough to tell a breach of either limit soon.
milliseconds health::pause() const {
  bool is_new =
      !canary_.took() && beaten_.load() - began_ < std::chrono::seconds{1};
  return is_new ? first_beats
                : std::min(limits_.turn_limit, limits_.canary_limit) / 4;
}

void health::look_at_canary() {
  auto away = canary_.away(steady_clock::now());
  bool late = away && *away > limits_.canary_limit;
  if (late == is_late_)
    return;
  is_late_ = late;
  if (late)
    log::emit(events::canary_late, {{"waited_ms", away->count()}});
  else
    log::emit(events::canary_back,
              {{"took_ms", canary_.took().value_or(milliseconds{0}).count()}});
}

std::string health::why_not_alive() const {
  auto now = steady_clock::now();
  auto unseen = std::chrono::duration_cast<milliseconds>(now - beaten_.load());
  if (unseen > pause() + limits_.turn_limit)
    return "the main thread has not beaten for " + in_ms(unseen);
  for (std::size_t i = 0; i < turns_.size(); ++i)
    if (auto away = turns_[i]->away(now); away && *away > limits_.turn_limit)
      return "loop " + std::to_string(i) + " has not turned for " + in_ms(*away)
             + " (health.turn-limit)";
  return {};
}

std::string health::why_not_served() const {
  if (!canary_.took())
    return "no message has gone through the node yet";
  auto away = canary_.away(steady_clock::now());
  if (away && *away > limits_.canary_limit)
    return "a message has not come through the node's own room for "
           + in_ms(*away) + " (health.canary-limit)";
  return {};
}

} // namespace greenroom::app
