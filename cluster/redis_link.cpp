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
    pauses_(how_.backoff_min, how_.backoff_max, any_seed()) {}

redis_link::~redis_link() {
  stop();
}

void redis_link::start() {
  open();
}

void redis_link::stop() {
  stopped_ = true;
  ready_ = false;
  retry_.cancel();
  if (connection_)
    connection_->close();
}

void redis_link::give_up(std::string_view reason) {
  if (!ready_ || stopped_)
    return;
  connection_->close();
  try_again_later(reason);
}

void redis_link::open() {
  if (worth_telling(attempts()))
    log::emit(events::bus_connecting, {{"endpoint", to_log_string(how_.where)},
                                       {"link", how_.name},
                                       {"attempt", attempts()}});
  connection_ = std::make_shared<redis_connection>(
      loop_, make_redis_stream(loop_, how_.where, how_.tls, opened_++),
      how_.connection);
  connection_->start(how_.where, *this);
}

void redis_link::connection_ready() {
  ready_ = true;
  ready_since_ = clock::now();
  to_.ready();
}

void redis_link::connection_reply(const redis_reply& reply) {
  to_.reply(reply);
}

void redis_link::connection_failed(std::string_view reason) {
  try_again_later(reason);
}

void redis_link::try_again_later(std::string_view reason) {
  // A Redis that accepts and breaks at once must not be hammered: only a
  // connection that lasted clears what was counted.
  bool was_ready = std::exchange(ready_, false);
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
  log::emit(events::bus_down, {{"endpoint", to_log_string(how_.where)},
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

} // namespace greenroom::cluster
