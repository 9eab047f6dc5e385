#include "tests/support/loopback_bus.hpp"

#include <utility>

namespace greenroom::test {

class loopback_bus final : public cluster::bus {
public:
  loopback_bus(loopback_hub& hub, std::size_t queue_bytes)
    : hub_(hub), queue_(queue_bytes) {
    hub_.attached_.push_back(this);
  }

  ~loopback_bus() override { std::erase(hub_.attached_, this); }

  void start(listener& to) override {
    listener_ = &to;
    later([this] {
      if (hub_.up_)
        came_up();
      else
        listener_->bus_down("refused");
    });
  }

  void subscribe(std::string_view channel) override {
    if (channels_.add(channel))
      ask(std::string{channel});
  }

  void unsubscribe(std::string_view channel) override {
    channels_.remove(channel);
  }

  bool is_subscribed(std::string_view channel) const override {
    return channels_.is_in_force(channel);
  }

  void publish(std::string_view channel, std::string bytes,
               std::size_t messages) override {
    statistics_.dropped +=
        queue_.push({std::string{channel}, std::move(bytes), messages})
            .messages;
    later([this] { flush(); });
  }

  bool offer(std::string_view channel, std::string bytes) override {
    bool is_taken = queue_.offer({std::string{channel}, std::move(bytes), 0});
    later([this] { flush(); });
    return is_taken;
  }

  void reconnect(std::string_view, std::string_view reason) override {
    ++hub_.reconnects_asked;
    later([this, why = std::string{reason}] {
      went_down(why);
      came_up();
    });
  }

  void close(std::function<void()> done) override {
    flush();
    listener_ = nullptr;
    if (!hub_.stuck)
      later(std::move(done));
  }

  statistics stats() const override { return statistics_; }

  void came_up() {
    if (up_ || !hub_.up_ || listener_ == nullptr)
      return;
    for (auto channel : channels_.wanted()) {
      auto name = std::string{channel};
      channels_.sent(name);
      if (channels_.confirmed(name))
        listener_->bus_subscribed(name);
    }
    up_ = true;
    if (std::exchange(was_up_, true))
      ++statistics_.reconnects;
    flush();
    listener_->bus_up();
  }

  void went_down(const std::string& reason) {
    if (listener_ == nullptr || !std::exchange(up_, false))
      return;
    channels_.lost();
    listener_->bus_down(reason);
  }

  void lose(const std::string& channel) {
    if (!channels_.remove(channel))
      return;
    lost_.push_back(channel);
    listener_->bus_lost(channel);
  }

  void bring_back(const std::string& channel) {
    if (std::erase(lost_, channel) > 0)
      subscribe(channel);
  }

  void came(const std::string& channel, const std::string& bytes) {
    if (listener_ != nullptr && up_ && channels_.is_wanted(channel))
      listener_->bus_message(channel, bytes);
  }

  template <class Work>
  void later(Work work) {
    hub_.asked_.push_back([alive = std::weak_ptr<void>{alive_}, work] {
      if (!alive.expired())
        work();
    });
  }

private:
  void ask(std::string channel) {
    if (!up_)
      return;
    channels_.sent(channel);
    later([this, channel = std::move(channel)] {
      if (channels_.confirmed(channel) && listener_ != nullptr)
        listener_->bus_subscribed(channel);
    });
  }

  void flush() {
    while (up_ && hub_.up_) {
      const auto* next = queue_.take();
      if (next == nullptr)
        return;
      hub_.pass_on({next->channel, next->bytes});
      queue_.answered();
    }
  }

  loopback_hub& hub_;
  listener* listener_ = nullptr;
  cluster::subscriptions channels_;
  std::vector<std::string> lost_;
  cluster::publish_queue queue_;
  std::shared_ptr<void> alive_ = std::make_shared<char>();
  bool up_ = false;
  bool was_up_ = false;
  statistics statistics_;
};

std::unique_ptr<cluster::bus> loopback_hub::connect(std::size_t queue_bytes) {
  return std::make_unique<loopback_bus>(*this, queue_bytes);
}

void loopback_hub::lose(const std::string& channel) {
  for (auto* each : attached_)
    each->later([=] { each->lose(channel); });
}

void loopback_hub::bring_back(const std::string& channel) {
  for (auto* each : attached_)
    each->later([=] { each->bring_back(channel); });
}

void loopback_hub::deliver() {
  while (!asked_.empty()) {
    auto next = std::move(asked_.front());
    asked_.pop_front();
    next();
  }
}

void loopback_hub::fail(std::string reason) {
  up_ = false;
  for (auto* each : attached_)
    each->later([each, reason] { each->went_down(reason); });
}

void loopback_hub::restore() {
  up_ = true;
  for (auto* each : attached_)
    each->later([each] { each->came_up(); });
}

void loopback_hub::pass_on(message what) {
  ++published;
  if (deaf)
    return;
  if (drop_next > 0) {
    --drop_next;
    return;
  }
  if (std::exchange(hold_next, false)) {
    held_.push_back(std::move(what));
    return;
  }
  to_all(what);
  if (duplicate_next > 0) {
    --duplicate_next;
    to_all(what);
  }
  for (auto late : std::exchange(held_, {}))
    to_all(late);
}

void loopback_hub::to_all(const message& what) {
  for (auto* each : attached_)
    each->later([each, what] { each->came(what.channel, what.bytes); });
}

} // namespace greenroom::test
