#include "cluster/redis_bus.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "cluster/publish_queue.hpp"
#include "cluster/redis_link.hpp"
#include "cluster/subscriptions.hpp"
#include "core/events.hpp"

namespace greenroom::cluster {

namespace {

using clock = std::chrono::steady_clock;

/// What may be on its way to Redis, not yet answered: enough for a full pipe,
/// little enough that a slow Redis leaves the choice of what to drop here.
constexpr std::size_t window_bytes_max = 256 * 1024;

/// Channels in one SUBSCRIBE.
constexpr std::size_t channels_per_command = 512;

/// Errors that the same message would meet again; it must not stand in the way
/// of the others for ever.
bool is_final(std::string_view error) {
  return error.starts_with("NOPERM") || error.starts_with("ERR");
}

/// Two connections, since a subscribed one (RESP2) takes no PUBLISH, and so
/// that either can break without the other losing anything.
class redis_bus final : public bus {
public:
  redis_bus(const redis_loop& in, const redis_link::options& how,
            std::size_t queue_bytes);
  ~redis_bus() override = default;

  void start(listener& to) override;
  void subscribe(std::string_view channel) override;
  void unsubscribe(std::string_view channel) override;
  bool is_subscribed(std::string_view channel) const override {
    return channels_.is_in_force(channel);
  }
  void publish(std::string_view channel, std::string bytes,
               std::size_t messages) override;
  void reconnect(std::string_view reason) override;
  void close(std::function<void()> done) override;
  statistics stats() const override { return statistics_; }

private:
  static redis_link::options named(redis_link::options how, std::string name);

  void on_subscriber_ready();
  void on_push(const redis_reply& reply);
  void on_answer(const redis_reply& reply);
  void on_lost(std::string_view reason);
  void send_waiting();
  void note_loss(const publish_queue::loss& lost);
  void tell_losses();
  void go_up_if_complete();
  void finish_if_flushed();
  template <class Work>
  void later(Work work);

  boost::asio::io_context& io_;
  std::string endpoint_;
  bool has_sentinels_;
  listener* listener_ = nullptr;
  subscriptions channels_;
  publish_queue queue_;
  std::size_t window_bytes_;
  redis_link subscriber_;
  redis_link publisher_;
  std::shared_ptr<void> alive_ = std::make_shared<char>();
  bool up_ = false;
  bool told_down_ = false;
  bool was_up_ = false;
  clock::time_point down_since_ = clock::now();
  std::function<void()> closed_; ///< Set: it is closing.
  bool finished_ = false;
  statistics statistics_;
  publish_queue::loss losses_; ///< Not yet in the log.
  std::optional<clock::time_point> losses_told_;
};

redis_bus::redis_bus(const redis_loop& in, const redis_link::options& how,
                     std::size_t queue_bytes)
  : io_(in.io),
    endpoint_(to_log_string(how.where)),
    has_sentinels_(how.where.has_sentinels()),
    queue_(queue_bytes),
    window_bytes_(std::min(window_bytes_max, queue_bytes / 2)),
    subscriber_(in, named(how, "subscribe"),
                {[this] { on_subscriber_ready(); },
                 [this](const redis_reply& reply) { on_push(reply); },
                 [this](std::string_view reason) {
                   channels_.lost();
                   on_lost(reason);
                 }}),
    publisher_(in, named(how, "publish"),
               {[this] {
                  send_waiting();
                  go_up_if_complete();
                },
                [this](const redis_reply& reply) { on_answer(reply); },
                [this](std::string_view reason) {
                  queue_.rewind();
                  on_lost(reason);
                }}) {}

redis_link::options redis_bus::named(redis_link::options how,
                                     std::string name) {
  // A replica takes PUBLISH, and only its own subscribers hear it.
  how.connection.watches_role =
      how.connection.must_be_master && name == "publish";
  how.connection.client_name += ':' + name;
  how.name = std::move(name);
  return how;
}

void redis_bus::start(listener& to) {
  listener_ = &to;
  subscriber_.start();
  publisher_.start();
}

// -- subscribing --------------------------------------------------------------

void redis_bus::subscribe(std::string_view channel) {
  if (!channels_.add(channel) || !subscriber_.ready())
    return;
  channels_.sent(channel);
  subscriber_.send({"SUBSCRIBE", channel});
}

void redis_bus::unsubscribe(std::string_view channel) {
  if (channels_.remove(channel) && subscriber_.ready())
    subscriber_.send({"UNSUBSCRIBE", channel});
}

void redis_bus::on_subscriber_ready() {
  auto all = channels_.wanted();
  std::vector<std::string_view> command;
  for (std::size_t i = 0; i < all.size(); i += channels_per_command) {
    auto end = std::min(all.size(), i + channels_per_command);
    command.assign(1, "SUBSCRIBE");
    for (auto k = i; k < end; ++k) {
      command.push_back(all[k]);
      channels_.sent(all[k]);
    }
    subscriber_.send(command);
  }
  go_up_if_complete();
}

void redis_bus::on_push(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::error)
    return subscriber_.give_up("subscribing refused: "
                               + std::string{reply.text});
  if (reply.is != redis_reply::kind::array || reply.count != 3)
    return;
  auto kind = reply.elements[0];
  auto channel = reply.elements[1];
  if (kind == "message") {
    // Late ones of a channel that was just left are nobody's.
    if (channels_.is_wanted(channel))
      listener_->bus_message(channel, reply.elements[2]);
  } else if (kind == "subscribe" && channels_.confirmed(channel)) {
    listener_->bus_subscribed(channel);
    go_up_if_complete();
  }
}

void redis_bus::reconnect(std::string_view reason) {
  later([this, why = std::string{reason}] {
    subscriber_.give_up(why);
    // The two may have parted: one at the master, one where it was.
    if (has_sentinels_)
      publisher_.give_up(why);
  });
}

// -- publishing ---------------------------------------------------------------

void redis_bus::publish(std::string_view channel, std::string bytes,
                        std::size_t messages) {
  note_loss(queue_.push({std::string{channel}, std::move(bytes), messages}));
  send_waiting();
}

void redis_bus::send_waiting() {
  while (publisher_.ready() && queue_.on_the_way_bytes() < window_bytes_) {
    const auto* next = queue_.take();
    if (next == nullptr)
      return;
    publisher_.send({"PUBLISH", next->channel, next->bytes});
  }
}

void redis_bus::on_answer(const redis_reply& reply) {
  if (reply.is != redis_reply::kind::error) {
    queue_.answered();
    send_waiting();
    return finish_if_flushed();
  }
  auto error = reply.text;
  if (is_final(error))
    note_loss({queue_.answered(), 0});
  // The rest is sent again, after a pause, on a new connection.
  publisher_.give_up("publishing refused: " + std::string{error});
}

void redis_bus::note_loss(const publish_queue::loss& lost) {
  if (lost.messages == 0)
    return;
  statistics_.dropped += lost.messages;
  losses_.messages += lost.messages;
  losses_.bytes += lost.bytes;
  if (!losses_told_ || clock::now() - *losses_told_ >= std::chrono::seconds{1})
    tell_losses();
}

void redis_bus::tell_losses() {
  if (losses_.messages == 0)
    return;
  log::emit(events::bus_dropped,
            {{"messages", losses_.messages}, {"bytes", losses_.bytes}});
  losses_ = {};
  losses_told_ = clock::now();
}

// -- up and down --------------------------------------------------------------

void redis_bus::go_up_if_complete() {
  if (up_ || listener_ == nullptr || !subscriber_.ready() || !publisher_.ready()
      || !channels_.complete())
    return;
  up_ = true;
  if (std::exchange(was_up_, true))
    ++statistics_.reconnects;
  tell_losses();
  auto down = std::chrono::duration_cast<std::chrono::milliseconds>(
      clock::now() - down_since_);
  log::emit(events::bus_up, {{"endpoint", endpoint_},
                             {"channels", channels_.size()},
                             {"down_ms", down.count()}});
  listener_->bus_up();
}

void redis_bus::on_lost(std::string_view reason) {
  if (closed_)
    return finish_if_flushed();
  if (std::exchange(up_, false))
    down_since_ = clock::now();
  else if (was_up_ || told_down_)
    return;
  told_down_ = true;
  listener_->bus_down(reason);
}

void redis_bus::close(std::function<void()> done) {
  closed_ = std::move(done);
  listener_ = nullptr;
  up_ = false;
  subscriber_.stop();
  finish_if_flushed();
}

void redis_bus::finish_if_flushed() {
  if (!closed_ || finished_ || (publisher_.ready() && queue_.size() > 0))
    return;
  finished_ = true;
  publisher_.stop();
  tell_losses();
  later([this] { std::exchange(closed_, nullptr)(); });
}

/// What may not happen inside the present call. Not if the bus is gone by then.
template <class Work>
void redis_bus::later(Work work) {
  boost::asio::post(io_, [alive = std::weak_ptr<void>{alive_}, work] {
    if (!alive.expired())
      work();
  });
}

} // namespace

boost::system::result<std::unique_ptr<bus>, bus_error>
make_redis_bus(const redis_loop& in, const settings::cluster_settings& how,
               const std::string& node_id) {
  auto link = link_options(how);
  if (!link)
    return bus_error{link.error().text};
  link->connection.client_name = how.prefix + ':' + node_id;
  // A silent Redis is noticed as fast as a silent peer.
  link->connection.ping_interval = std::min(how.beat, how.peer_timeout);
  link->connection.ping_timeout = how.peer_timeout;
  return std::make_unique<redis_bus>(in, *link, how.queue_bytes);
}

} // namespace greenroom::cluster
