#include "cluster/bus_shard.hpp"

#include <algorithm>
#include <utility>

#include "cluster/channel_commands.hpp"
#include "core/events.hpp"

namespace greenroom::cluster {

namespace {

/// What may be on its way to Redis, not yet answered: enough for a full pipe,
/// little enough that a slow Redis leaves the choice of what to drop here.
constexpr std::size_t window_bytes_max = 256 * 1024;

/// Errors that the same message would meet again; it must not stand in the way
/// of the others for ever.
bool is_final(std::string_view error) {
  return error.starts_with("NOPERM") || error.starts_with("ERR");
}

} // namespace

bus_shard::bus_shard(const redis_loop& in, const redis_link::options& how,
                     std::size_t queue_bytes, owner& to)
  : owner_(to),
    endpoint_(to_log_string(how.where)),
    words_(how.is_shard ? words_of_shard : words_of_server),
    may_part_(how.connection.must_be_master),
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

redis_link::options bus_shard::named(redis_link::options how,
                                     std::string name) {
  // A replica takes PUBLISH, and only its own subscribers hear it.
  how.connection.watches_role =
      how.connection.must_be_master && name == "publish";
  how.connection.client_name += ':' + name;
  how.name = std::move(name);
  return how;
}

void bus_shard::start(bool listens) {
  if (listens)
    subscriber_.start();
  publisher_.start();
}

void bus_shard::stop() {
  subscriber_.stop();
  publisher_.stop();
}

// -- subscribing --------------------------------------------------------------

void bus_shard::subscribe(std::string_view channel) {
  subscribe_one(subscriber_, words_, channels_, channel);
}

void bus_shard::unsubscribe(std::string_view channel) {
  unsubscribe_one(subscriber_, words_, channels_, channel);
}

void bus_shard::on_subscriber_ready() {
  subscribe_all(subscriber_, words_, channels_);
  go_up_if_complete();
}

void bus_shard::on_push(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::error) {
    if (auto slot = moved_slot(reply.text))
      return owner_.shard_moved(*this, *slot);
    return subscriber_.give_up("subscribing refused: "
                               + std::string{reply.text});
  }
  if (reply.is != redis_reply::kind::array || reply.count != 3)
    return;
  auto kind = reply.elements[0];
  auto channel = reply.elements[1];
  if (kind == words_.message) {
    // Late ones of a channel that was just left are nobody's.
    if (channels_.is_wanted(channel))
      owner_.shard_message(channel, reply.elements[2]);
  } else if (kind == words_.subscribed && channels_.confirmed(channel)) {
    owner_.shard_subscribed(*this, channel);
    go_up_if_complete();
  } else if (kind == words_.unsubscribed) {
    if (channels_.is_in_force(channel))
      return owner_.shard_moved(*this,
                                hash_slot(channel)); // Nobody asked for it.
    go_up_if_complete(); // It may have been the last that was awaited.
  }
}

void bus_shard::renew(std::string_view reason) {
  subscriber_.give_up(reason);
  if (may_part_)
    publisher_.give_up(reason);
}

// -- publishing ---------------------------------------------------------------

void bus_shard::publish(publish_queue::entry what) {
  owner_.shard_dropped(queue_.push(std::move(what)));
  send_waiting();
}

bool bus_shard::offer(publish_queue::entry what) {
  bool is_taken = queue_.offer(std::move(what));
  send_waiting();
  return is_taken;
}

void bus_shard::send_waiting() {
  while (publisher_.ready() && queue_.on_the_way_bytes() < window_bytes_) {
    const auto* next = queue_.take();
    if (next == nullptr)
      return;
    publisher_.send({words_.publish, next->channel, next->bytes});
  }
}

void bus_shard::on_answer(const redis_reply& reply) {
  bool is_error = reply.is == redis_reply::kind::error;
  if (auto slot = is_error ? moved_slot(reply.text) : std::nullopt) {
    owner_.shard_moved(*this, *slot); // Takes it out of the queue.
    is_error = false;
  }
  if (!is_error) {
    queue_.answered();
    send_waiting();
    return owner_.shard_flushed();
  }
  auto error = reply.text;
  if (is_final(error))
    owner_.shard_dropped({queue_.answered(), 0});
  // The rest is sent again, after a pause, on a new connection.
  publisher_.give_up("publishing refused: " + std::string{error});
}

// -- up and down --------------------------------------------------------------

void bus_shard::go_up_if_complete() {
  if (up_ || !subscriber_.ready() || !publisher_.ready()
      || !channels_.complete())
    return;
  up_ = true;
  lost_ = false;
  auto down = std::chrono::duration_cast<std::chrono::milliseconds>(
      clock::now() - down_since_);
  log::emit(events::bus_up, {{"endpoint", endpoint_},
                             {"channels", channels_.size()},
                             {"down_ms", down.count()}});
  owner_.shard_up(*this, std::exchange(was_up_, true));
}

void bus_shard::on_lost(std::string_view reason) {
  if (std::exchange(up_, false))
    down_since_ = clock::now();
  std::vector<std::string> silent;
  if (!std::exchange(lost_, true))
    for (auto channel : channels_.wanted())
      silent.emplace_back(channel);
  owner_.shard_lost(reason, silent);
}

void bus_shard::take_out(const std::function<bool(std::uint16_t slot)>& which,
                         load& to) {
  for (auto& each : channels_.take_out(which))
    to.channels.push_back(std::move(each));
  for (auto& each : queue_.take_out(which))
    to.messages.push_back(std::move(each));
}

} // namespace greenroom::cluster
