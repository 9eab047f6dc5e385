#include "cluster/redis_link.hpp"

#include <bit>
#include <random>
#include <utility>

#include "core/events.hpp"

namespace greenroom::cluster {

namespace {

/// In an outage of hours the log keeps telling, ever less often.
bool worth_telling(std::uint32_t attempt) {
  return std::has_single_bit(attempt);
}

std::uint64_t any_seed() {
  return std::random_device{}();
}

} // namespace

redis_link::redis_link(const redis_loop& in, options how, callbacks to)
  : loop_(in),
    how_(std::move(how)),
    to_(std::move(to)),
    at_(how_.where),
    pauses_(how_.backoff_min, how_.backoff_max, any_seed()) {
  if (how_.where.has_sentinels())
    watch_ = std::make_unique<master_watch>(
        in,
        master_watch::options{how_.where, how_.tls, how_.connection,
                              how_.backoff_min, how_.backoff_max},
        master_watch::callbacks{
            [this](const redis_endpoint& where) { on_master(where); },
            [this](std::string_view reason) {
              try_again_later(reason);
            }});
}

redis_link::~redis_link() {
  stop();
}

void redis_link::start() {
  open();
}

void redis_link::stop() {
  stopped_ = true;
  step_ = step::pausing;
  retry_.cancel();
  if (watch_)
    watch_->stop();
  if (connection_)
    connection_->close();
}

void redis_link::give_up(std::string_view reason) {
  if (!ready() || stopped_)
    return;
  connection_->close();
  try_again_later(reason);
}

void redis_link::open() {
  if (worth_telling(attempts()))
    log::emit(events::bus_connecting, {{"endpoint", to_log_string(how_.where)},
                                       {"link", how_.name},
                                       {"attempt", attempts()}});
  if (!watch_)
    return connect(how_.where);
  at_ = how_.where;
  step_ = step::asking;
  watch_->ask();
}

void redis_link::connect(const redis_endpoint& where) {
  at_ = where;
  step_ = step::connecting;
  connection_ = std::make_shared<redis_connection>(
      loop_, make_redis_stream(loop_, where, how_.tls, opened_++),
      how_.connection);
  connection_->start(where, *this);
}

/// What was asked for, or a master that is another one now.
void redis_link::on_master(const redis_endpoint& where) {
  auto now = to_log_string(where);
  if (now != master_) {
    auto was = std::exchange(master_, now);
    if (!was.empty())
      log::emit(events::redis_master,
                {{"endpoint", now}, {"was", was}, {"link", how_.name}});
  }
  switch (step_) {
  case step::asking:
    return connect(where);
  case step::pausing:
    retry_.cancel();
    return connect(where);
  case step::connecting:
  case step::ready:
    if (now == to_log_string(at_))
      return;
    connection_->close();
    try_again_later("another master");
  }
}

void redis_link::connection_ready() {
  step_ = step::ready;
  ready_since_ = clock::now();
  to_.ready();
}

void redis_link::connection_reply(const redis_reply& reply) {
  to_.reply(reply);
}

void redis_link::connection_failed(std::string_view reason) {
  // Who sent it there may be behind.
  if (watch_ && !ready())
    watch_->doubt();
  try_again_later(reason);
}

void redis_link::try_again_later(std::string_view reason) {
  // A Redis that accepts and breaks at once must not be hammered: only a
  // connection that lasted clears what was counted.
  bool was_ready = std::exchange(step_, step::pausing) == step::ready;
  if (was_ready && clock::now() - ready_since_ >= how_.backoff_max)
    pauses_.reset();
  auto attempt = attempts();
  auto pause = pauses_.next();
  if (was_ready || worth_telling(attempt) || reason != last_reason_)
    tell_lost(reason, pause);
  last_reason_ = reason;
  loop_.timers.at(clock::now() + pause, retry_, [this] { open(); });
  to_.lost(reason);
}

void redis_link::tell_lost(std::string_view reason,
                           std::chrono::milliseconds pause) {
  log::emit(events::bus_down, {{"endpoint", to_log_string(at_)},
                               {"link", how_.name},
                               {"reason", reason},
                               {"retry_ms", pause.count()}});
}

boost::system::result<redis_link::options, link_error>
link_options(const settings::cluster_settings& how) {
  auto where = parse_redis_url(how.redis);
  if (!where)
    return link_error{"cluster.redis: " + where.error().text};
  redis_link::options link;
  link.where = std::move(*where);
  link.where.by.user = how.sentinel_user;
  link.where.by.password = how.sentinel_password;
  link.connection.must_be_master =
      link.where.has_sentinels() || link.where.is_cluster();
  if (link.where.over == redis_endpoint::transport::tls) {
    auto tls = make_tls_context(how.ca_file);
    if (!tls)
      return link_error{"cluster.ca-file: " + tls.error().text};
    link.tls = std::move(*tls);
  }
  link.connection.connect_timeout = how.connect_timeout;
  link.backoff_min = how.backoff_min;
  link.backoff_max = how.backoff_max;
  return link;
}

redis_link::options at_shard(redis_link::options how,
                             redis_endpoint::address where) {
  how.where = how.where.at(std::move(where));
  how.is_shard = true;
  return how;
}

} // namespace greenroom::cluster
