#include "tests/support/rough_hub.hpp"

#include <algorithm>
#include <utility>

#include "cluster/publish_queue.hpp"
#include "cluster/subscriptions.hpp"

namespace greenroom::test {

/// The rules of `redis_bus`, without sockets.
class rough_bus final : public cluster::bus {
public:
  rough_bus(rough_hub& hub, std::size_t queue_bytes)
    : hub_(hub), queue_(queue_bytes) {
    hub_.attached_.push_back(this);
  }

  ~rough_bus() override {
    forget_subscriptions();
    std::erase(hub_.attached_, this);
  }

  // -- bus

  void start(listener& to) override { listener_ = &to; }

  void subscribe(std::string_view channel) override {
    if (channels_.add(channel) && hearing_.ready)
      ask(std::string{channel}, true);
  }

  void unsubscribe(std::string_view channel) override {
    if (channels_.remove(channel) && hearing_.ready)
      ask(std::string{channel}, false);
  }

  bool is_subscribed(std::string_view channel) const override {
    return channels_.is_in_force(channel);
  }

  void publish(std::string_view channel, std::string bytes,
               std::size_t messages) override {
    statistics_.dropped +=
        queue_.push({std::string{channel}, std::move(bytes), messages})
            .messages;
    send_waiting();
  }

  bool offer(std::string_view channel, std::string bytes) override {
    bool is_taken = queue_.offer({std::string{channel}, std::move(bytes), 0});
    send_waiting();
    return is_taken;
  }

  void reconnect(std::string_view, std::string_view) override {
    is_to_reconnect_ = true;
  }

  void close(std::function<void()> done) override {
    listener_ = nullptr;
    forget_subscriptions();
    hearing_ = {};
    closed_ = std::move(done);
  }

  statistics stats() const override { return statistics_; }

  // -- what can happen next

  enum class next {
    connect_hearing,
    connect_saying,
    redis_hears_question,
    redis_hears_message,
    bus_hears,
    bus_is_answered,
    reconnect,
    go_up, ///< The last channel that was awaited is no longer wanted.
    end,
  };

  [[nodiscard]] std::vector<next> possible() const {
    std::vector<next> all;
    auto add = [&](bool can, next what) {
      if (can && !is_cut_off_)
        all.push_back(what);
    };
    add(hub_.up_ && !hearing_.ready && listener_, next::connect_hearing);
    add(hub_.up_ && !saying_.ready && (listener_ || queue_.size() > 0),
        next::connect_saying);
    add(!hearing_.out.empty(), next::redis_hears_question);
    add(!saying_.out.empty(), next::redis_hears_message);
    add(!hearing_.in.empty(), next::bus_hears);
    add(saying_.answers > 0, next::bus_is_answered);
    add(is_to_reconnect_, next::reconnect);
    add(is_complete(), next::go_up);
    add(closed_ && queue_.size() == 0, next::end);
    return all;
  }

  void happens(next what) {
    switch (what) {
    case next::connect_hearing:
      hearing_.ready = true;
      for (auto channel : channels_.wanted())
        ask(std::string{channel}, true);
      return go_up_if_complete();
    case next::connect_saying:
      saying_.ready = true;
      send_waiting();
      return go_up_if_complete();
    case next::redis_hears_question:
      return answer(take(hearing_.out));
    case next::redis_hears_message: {
      auto said = take(saying_.out);
      hub_.publish(said.channel, said.bytes);
      ++saying_.answers;
      return;
    }
    case next::bus_hears:
      return hear(take(hearing_.in));
    case next::bus_is_answered:
      --saying_.answers;
      queue_.answered();
      return send_waiting();
    case next::reconnect:
      is_to_reconnect_ = false;
      return lose_subscriber();
    case next::go_up:
      return go_up_if_complete();
    case next::end:
      return std::exchange(closed_, nullptr)();
    }
  }

  void told(const std::string& channel, const std::string& bytes) {
    hearing_.in.push_back({channel, bytes, false, false});
  }

  void lose_subscriber() {
    forget_subscriptions();
    hearing_ = {};
    channels_.lost();
    on_lost();
  }

  void lose_publisher() {
    saying_ = {};
    queue_.rewind();
    on_lost();
  }

  void cut_off() {
    forget_subscriptions();
    is_cut_off_ = true;
    listener_ = nullptr;
  }

private:
  struct item {
    std::string channel;
    std::string bytes; ///< Of a message.
    bool is_word_of_subscription = false;
    bool subscribes = false;
  };

  template <class T>
  static T take(std::deque<T>& from) {
    auto first = std::move(from.front());
    from.pop_front();
    return first;
  }

  void ask(std::string channel, bool subscribes) {
    if (subscribes)
      channels_.sent(channel);
    hearing_.out.push_back({std::move(channel), {}, true, subscribes});
  }

  void answer(item asked) {
    if (asked.subscribes)
      hub_.subscribers_[asked.channel].insert(this);
    else
      hub_.subscribers_[asked.channel].erase(this);
    hearing_.in.push_back(std::move(asked));
  }

  void hear(const item& what) {
    if (!what.is_word_of_subscription) {
      if (channels_.is_wanted(what.channel) && listener_ != nullptr)
        listener_->bus_message(what.channel, what.bytes);
    } else if (what.subscribes && channels_.confirmed(what.channel)) {
      if (listener_ != nullptr)
        listener_->bus_subscribed(what.channel);
      go_up_if_complete();
    }
  }

  void send_waiting() {
    while (saying_.ready && queue_.on_the_way() < 8)
      if (const auto* first = queue_.take())
        saying_.out.push_back({first->channel, first->bytes, false, false});
      else
        return;
  }

  [[nodiscard]] bool is_complete() const {
    return !up_ && listener_ != nullptr && hearing_.ready && saying_.ready
           && channels_.complete();
  }

  void go_up_if_complete() {
    if (!is_complete())
      return;
    up_ = true;
    if (std::exchange(was_up_, true))
      ++statistics_.reconnects;
    listener_->bus_up();
  }

  void on_lost() {
    if (!std::exchange(up_, false) && (was_up_ || told_down_))
      return;
    told_down_ = true;
    if (listener_ != nullptr)
      listener_->bus_down("lost");
  }

  void forget_subscriptions() {
    for (auto& [channel, all] : hub_.subscribers_)
      all.erase(this);
  }

  struct hearing {
    bool ready = false;
    std::deque<item> out;
    std::deque<item> in;
  };
  struct saying {
    bool ready = false;
    std::deque<item> out;
    std::size_t answers = 0; ///< On their way back.
  };

  rough_hub& hub_;
  listener* listener_ = nullptr;
  cluster::subscriptions channels_;
  cluster::publish_queue queue_;
  hearing hearing_;
  saying saying_;
  std::function<void()> closed_;
  bool up_ = false;
  bool was_up_ = false;
  bool told_down_ = false;
  bool is_to_reconnect_ = false;
  bool is_cut_off_ = false;
  statistics statistics_;
};

std::unique_ptr<cluster::bus> rough_hub::connect(std::size_t queue_bytes) {
  return std::make_unique<rough_bus>(*this, queue_bytes);
}

bool rough_hub::step(random& dice) {
  std::vector<std::pair<rough_bus*, rough_bus::next>> all;
  for (auto* each : attached_)
    for (auto what : each->possible())
      all.emplace_back(each, what);
  if (all.empty())
    return false;
  auto [whose, what] = all[pick(dice, all.size())];
  whose->happens(what);
  return true;
}

void rough_hub::settle(random& dice) {
  while (step(dice))
    ;
}

void rough_hub::fail() {
  up_ = false;
  for (auto* each : attached_) {
    each->lose_subscriber();
    each->lose_publisher();
  }
}

void rough_hub::break_subscriber(const cluster::bus* of) {
  if (auto* bus = find(of))
    bus->lose_subscriber();
}

void rough_hub::break_publisher(const cluster::bus* of) {
  if (auto* bus = find(of))
    bus->lose_publisher();
}

void rough_hub::cut_off(const cluster::bus* of) {
  if (auto* bus = find(of))
    bus->cut_off();
}

/// Null: it has closed.
rough_bus* rough_hub::find(const cluster::bus* of) const {
  auto found = std::ranges::find(attached_, of);
  return found == attached_.end() ? nullptr : *found;
}

void rough_hub::publish(const std::string& channel, const std::string& bytes) {
  for (auto* each : subscribers_[channel])
    each->told(channel, bytes);
}

} // namespace greenroom::test
