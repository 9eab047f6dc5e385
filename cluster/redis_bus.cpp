#include "cluster/redis_bus.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "cluster/bus_shard.hpp"
#include "cluster/redis_shards.hpp"
#include "cluster/slot_watch.hpp"
#include "core/events.hpp"

namespace greenroom::cluster {

namespace {

using clock = std::chrono::steady_clock;

/// It is up as long as one of its shards is. In a Redis Cluster a channel can
/// be lost although the bus is up: with its shard, or while its slot moves.
class redis_bus final : public bus, private bus_shard::owner {
public:
  redis_bus(const redis_loop& in, redis_link::options how,
            std::size_t queue_bytes);
  ~redis_bus() override = default;

  void start(listener& to) override;
  void subscribe(std::string_view channel) override;
  void unsubscribe(std::string_view channel) override;
  bool is_subscribed(std::string_view channel) const override;
  bool is_sharded() const override { return shards_.is_cluster(); }
  void publish(std::string_view channel, std::string bytes,
               std::size_t messages) override;
  bool offer(std::string_view channel, std::string bytes) override;
  void reconnect(std::string_view channel, std::string_view reason) override;
  void close(std::function<void()> done) override;
  statistics stats() const override { return statistics_; }

private:
  void shard_up(bus_shard& which, bool again) override;
  void shard_lost(std::string_view reason,
                  const std::vector<std::string>& silent) override;
  void shard_subscribed(bus_shard& which, std::string_view channel) override;
  void shard_message(std::string_view channel, std::string_view bytes) override;
  void shard_moved(bus_shard& which, std::uint16_t slot) override;
  void shard_dropped(const publish_queue::loss& lost) override;
  void shard_flushed() override { finish_if_flushed(); }

  std::unique_ptr<bus_shard> make_shard(redis_link::options how);
  void on_slots(const slot_map& map);
  void place(bus_shard::load what);
  void tell_silent(const std::vector<std::string>& channels);
  bool any_up();
  void go_down(std::string_view reason);
  void tell_losses();
  void finish_if_flushed();
  template <class Work>
  void later(Work work);

  redis_loop loop_;
  redis_link::options how_;
  std::size_t queue_bytes_;
  listener* listener_ = nullptr;
  redis_shards<bus_shard> shards_;
  std::unique_ptr<slot_watch> watch_; ///< Of a Redis Cluster.
  std::shared_ptr<void> alive_ = std::make_shared<char>();
  bool up_ = false;
  bool told_down_ = false;
  std::function<void()> closed_; ///< Set: it is closing.
  bool finished_ = false;
  statistics statistics_;
  publish_queue::loss losses_; ///< Not yet in the log.
  std::optional<clock::time_point> losses_told_;
};

redis_bus::redis_bus(const redis_loop& in, redis_link::options how,
                     std::size_t queue_bytes)
  : loop_(in),
    how_(std::move(how)),
    queue_bytes_(queue_bytes),
    shards_(make_shard(how_),
            how_.where.is_cluster()
                ? [this](const slot_map::address& where) {
                    auto shard = make_shard(at_shard(how_, where));
                    shard->start(!closed_);
                    return shard;
                  }
                : redis_shards<bus_shard>::make{}) {
  if (!shards_.is_cluster())
    return;
  auto asks = how_;
  asks.name = "slots";
  asks.connection.client_name += ":slots";
  watch_ = std::make_unique<slot_watch>(
      in, std::move(asks),
      slot_watch::callbacks{[this](const slot_map& map) { on_slots(map); },
                            [this](std::string_view reason) {
                              if (!closed_ && !any_up())
                                go_down(reason);
                            }});
}

std::unique_ptr<bus_shard> redis_bus::make_shard(redis_link::options how) {
  owner& self = *this;
  return std::make_unique<bus_shard>(loop_, how, queue_bytes_, self);
}

void redis_bus::start(listener& to) {
  listener_ = &to;
  if (watch_)
    watch_->start();
  else
    shards_.first().start(true);
}

void redis_bus::subscribe(std::string_view channel) {
  if (closed_)
    return;
  auto& shard = shards_.of(channel);
  shard.subscribe(channel);
  if (up_ && (shard.is_lost() || shards_.is_nowhere(shard)))
    later([this, name = std::string{channel}] { tell_silent({name}); });
}

void redis_bus::unsubscribe(std::string_view channel) {
  shards_.of(channel).unsubscribe(channel);
}

bool redis_bus::is_subscribed(std::string_view channel) const {
  const auto* shard = shards_.find(channel);
  return shard != nullptr && shard->is_subscribed(channel)
         && (shard->is_up() || !up_);
}

void redis_bus::publish(std::string_view channel, std::string bytes,
                        std::size_t messages) {
  shards_.of(channel).publish(
      {std::string{channel}, std::move(bytes), messages});
}

bool redis_bus::offer(std::string_view channel, std::string bytes) {
  return shards_.of(channel).offer({std::string{channel}, std::move(bytes), 0});
}

void redis_bus::reconnect(std::string_view channel, std::string_view reason) {
  later([this, name = std::string{channel}, why = std::string{reason}] {
    shards_.of(name).renew(why);
    if (watch_)
      watch_->doubt();
  });
}

// -- shards -------------------------------------------------------------------

void redis_bus::shard_up(bus_shard& which, bool again) {
  if (listener_ == nullptr)
    return;
  statistics_.reconnects += again ? 1 : 0;
  tell_losses();
  if (!std::exchange(up_, true))
    return listener_->bus_up();
  for (const auto& channel : which.subscribed())
    if (listener_ != nullptr)
      listener_->bus_subscribed(channel);
}

void redis_bus::shard_lost(std::string_view reason,
                           const std::vector<std::string>& silent) {
  if (closed_)
    return finish_if_flushed();
  if (watch_)
    watch_->doubt();
  if (!any_up())
    return go_down(reason);
  tell_silent(silent);
}

void redis_bus::tell_silent(const std::vector<std::string>& channels) {
  for (const auto& channel : channels)
    if (listener_ != nullptr && up_ && !is_subscribed(channel))
      listener_->bus_lost(channel);
}

bool redis_bus::any_up() {
  bool found = false;
  shards_.each([&](bus_shard& each) { found |= each.is_up(); });
  return found;
}

/// Also told if it never was up: once.
void redis_bus::go_down(std::string_view reason) {
  if (!std::exchange(up_, false) && told_down_)
    return;
  told_down_ = true;
  listener_->bus_down(reason);
}

void redis_bus::shard_subscribed(bus_shard& which, std::string_view channel) {
  // Where the bus is up, only with its shard.
  if (listener_ != nullptr && (which.is_up() || !up_))
    listener_->bus_subscribed(channel);
}

void redis_bus::shard_message(std::string_view channel,
                              std::string_view bytes) {
  if (listener_ != nullptr)
    listener_->bus_message(channel, bytes);
}

void redis_bus::shard_moved(bus_shard& which, std::uint16_t slot) {
  if (!watch_)
    return;
  watch_->doubt();
  bus_shard::load moving;
  if (!shards_.lose(slot, which, moving))
    return;
  place(std::move(moving));
  which.go_up_if_complete();
}

void redis_bus::on_slots(const slot_map& map) {
  bus_shard::load moving;
  if (!shards_.update(map, moving))
    return;
  place(std::move(moving));
  shards_.each([](bus_shard& each) { each.go_up_if_complete(); });
}

/// Where it belongs, in its order; then those are told whom it concerns.
void redis_bus::place(bus_shard::load what) {
  for (const auto& channel : what.channels)
    subscribe(channel);
  for (auto& each : what.messages)
    shards_.of(each.channel).publish(std::move(each));
  tell_silent(what.channels);
}

// -- losses -------------------------------------------------------------------

void redis_bus::shard_dropped(const publish_queue::loss& lost) {
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

// -- closing ------------------------------------------------------------------

void redis_bus::close(std::function<void()> done) {
  closed_ = std::move(done);
  listener_ = nullptr;
  up_ = false;
  shards_.each([](bus_shard& each) { each.stop_subscribing(); });
  finish_if_flushed();
}

void redis_bus::finish_if_flushed() {
  if (!closed_ || finished_)
    return;
  bool flushed = true;
  shards_.each([&](bus_shard& each) { flushed &= each.is_flushed(); });
  // A slot that is under way has a shard in a moment.
  if (shards_.is_cluster() && any_up())
    flushed &= shards_.first().is_empty();
  if (!flushed)
    return;
  finished_ = true;
  if (watch_)
    watch_->stop();
  shards_.each([](bus_shard& each) { each.stop(); });
  tell_losses();
  later([this] { std::exchange(closed_, nullptr)(); });
}

/// What may not happen inside the present call. Not if the bus is gone by then.
template <class Work>
void redis_bus::later(Work work) {
  boost::asio::post(loop_.io, [alive = std::weak_ptr<void>{alive_}, work] {
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
