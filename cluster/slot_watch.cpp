#include "cluster/slot_watch.hpp"

#include <algorithm>
#include <bit>
#include <random>
#include <utility>

#include "cluster/redis_stream.hpp"
#include "core/events.hpp"

namespace greenroom::cluster {

slot_watch::slot_watch(const redis_loop& in, redis_link::options how,
                       callbacks to)
  : loop_(in),
    how_(std::move(how)),
    to_(std::move(to)),
    nodes_(how_.where.nodes),
    pauses_(how_.backoff_min, how_.backoff_max, std::random_device{}()) {
  // Not all nodes the same one.
  current_ = std::random_device{}() % nodes_.size();
  how_.connection.must_be_master = false;
  how_.connection.connect_timeout =
      std::min(how_.connection.connect_timeout, node_timeout);
}

slot_watch::~slot_watch() {
  stop();
}

void slot_watch::start() {
  open();
}

void slot_watch::stop() {
  is_ready_ = false;
  timer_.cancel();
  if (connection_)
    connection_->close();
}

void slot_watch::doubt() {
  // An answer that is on its way may be older than the reason.
  is_doubted_ = true;
  if (is_ready_ && asks_ == question::none)
    ask_at(std::max(clock::now(), asked_ + pause_min));
}

void slot_watch::open() {
  is_ready_ = false;
  asks_ = question::none;
  timer_.cancel();
  auto where = how_.where.at(nodes_[current_]);
  connection_ = std::make_shared<redis_connection>(
      loop_, make_redis_stream(loop_, where, how_.tls, opened_++),
      how_.connection);
  connection_->start(where, *this);
}

void slot_watch::connection_ready() {
  is_ready_ = true;
  ask();
}

void slot_watch::ask() {
  asks_ = question::state;
  asked_ = clock::now();
  was_doubted_ = std::exchange(is_doubted_, false);
  connection_->send({"CLUSTER", "INFO"});
  connection_->send({"CLUSTER", "SLOTS"});
}

void slot_watch::ask_at(clock::time_point then) {
  loop_.timers.at(then, timer_, [this] { ask(); });
}

void slot_watch::connection_reply(const redis_reply& reply) {
  switch (asks_) {
  case question::none:
    return;
  case question::state:
    return on_state(reply);
  case question::slots:
    return on_slots(reply);
  }
}

/// One that is cut off with the lesser part knows it, and its map is old.
void slot_watch::on_state(const redis_reply& reply) {
  asks_ = question::slots;
  is_well_ = reply.text.find("cluster_state:ok") != std::string_view::npos;
}

void slot_watch::on_slots(const redis_reply& reply) {
  asks_ = question::none;
  auto map = slot_map::read(reply, nodes_[current_]);
  if (!map) {
    connection_->close();
    return next(map.error().text);
  }
  all_ill_ = !is_well_ && (all_ill_ || tried_ + 1 >= nodes_.size());
  if (!is_well_ && !all_ill_) {
    connection_->close();
    return next("the cluster is not well");
  }
  tried_ = 0;
  pauses_.reset();
  ask_at(asked_ + (is_doubted_ ? pause_min : pause));
  take(*map);
}

void slot_watch::take(const slot_map& map) {
  auto differences = map.differences(map_);
  bool is_news = !std::exchange(has_map_, true) || differences > 0;
  if (is_news) {
    know(map);
    log::emit(events::redis_slots, {{"endpoint", to_log_string(how_.where)},
                                    {"link", how_.name},
                                    {"masters", map.masters().size()},
                                    {"moved", differences},
                                    {"missing", map.missing()}});
  } else if (was_doubted_) {
    go_on_to_next(); // It may be cut off from those who know better.
  } else {
    return;
  }
  to_.changed(map_);
}

/// The one that answered is first.
void slot_watch::know(const slot_map& map) {
  map_ = map;
  nodes_ = {nodes_[current_]};
  current_ = 0;
  for (const auto* more :
       {&map.masters(), &map.replicas(), &std::as_const(how_.where.nodes)})
    for (const auto& each : *more)
      if (std::ranges::find(nodes_, each) == nodes_.end())
        nodes_.push_back(each);
}

/// After the usual pause, so that two who are of two minds do no harm.
void slot_watch::go_on_to_next() {
  connection_->close();
  is_ready_ = false;
  current_ = (current_ + 1) % nodes_.size();
  loop_.timers.at(asked_ + pause_min, timer_, [this] { open(); });
}

void slot_watch::connection_failed(std::string_view reason) {
  next(reason);
}

void slot_watch::next(std::string_view reason) {
  is_ready_ = false;
  auto where = how_.where.at(nodes_[current_]);
  current_ = (current_ + 1) % nodes_.size();
  if (++tried_ < nodes_.size())
    return open();
  tried_ = 0;
  auto rounds = pauses_.failures() + 1;
  auto retry = pauses_.next();
  if (std::has_single_bit(rounds))
    log::emit(events::bus_down, {{"endpoint", to_log_string(where)},
                                 {"link", how_.name},
                                 {"reason", reason},
                                 {"retry_ms", retry.count()}});
  loop_.timers.at(clock::now() + retry, timer_, [this] { open(); });
  to_.failed(reason);
}

} // namespace greenroom::cluster
