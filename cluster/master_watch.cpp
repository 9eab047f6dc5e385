#include "cluster/master_watch.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <random>
#include <utility>

#include "cluster/redis_stream.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::string_view switch_channel = "+switch-master";

/// The first words of a text that has a blank between two.
template <std::size_t Count>
std::array<std::string_view, Count> words_of(std::string_view text) {
  std::array<std::string_view, Count> to;
  for (auto& word : to) {
    auto end = std::min(text.find(' '), text.size());
    word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return to;
}

} // namespace

master_watch::master_watch(const redis_loop& in, options how, callbacks to)
  : loop_(in),
    how_(std::move(how)),
    to_(std::move(to)),
    pauses_(how_.backoff_min, how_.backoff_max, std::random_device{}()) {
  how_.connection.must_be_master = false;
  how_.connection.watches_role = false;
  how_.connection.connect_timeout =
      std::min(how_.connection.connect_timeout, sentinel_timeout);
}

master_watch::~master_watch() {
  stop();
}

void master_watch::ask() {
  is_awaited_ = true;
  if (state_ != state::asking)
    begin();
}

void master_watch::doubt() {
  current_ = (current_ + 1) % how_.where.by.sentinels.size();
}

void master_watch::stop() {
  state_ = state::idle;
  retry_.cancel();
  if (connection_)
    connection_->close();
}

void master_watch::begin() {
  stop();
  state_ = state::asking;
  tried_ = 0;
  open();
}

void master_watch::open() {
  auto where = how_.where.sentinel(current_);
  connection_ = std::make_shared<redis_connection>(
      loop_, make_redis_stream(loop_, where, how_.tls, opened_++),
      how_.connection);
  connection_->start(where, *this);
}

/// Both at once, so that no change falls between them.
void master_watch::connection_ready() {
  connection_->send(
      {"SENTINEL", "get-master-addr-by-name", how_.where.by.master});
  connection_->send({"SUBSCRIBE", switch_channel});
}

void master_watch::connection_reply(const redis_reply& reply) {
  if (state_ == state::asking)
    on_answer(reply);
  else
    on_push(reply);
}

void master_watch::on_answer(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::array && reply.count == 2) {
    state_ = state::watching;
    pauses_.reset();
    return found(reply.elements[0], reply.elements[1]);
  }
  connection_->close();
  if (reply.is == redis_reply::kind::error)
    return next(reply.text);
  next("knows no master named " + how_.where.by.master);
}

void master_watch::on_push(const redis_reply& reply) {
  // Whoever may not subscribe goes without: the old master ends its clients.
  if (reply.is != redis_reply::kind::array || reply.count != 3
      || reply.elements[0] != "message")
    return;
  // Name, address before, address now.
  auto told = words_of<5>(reply.elements[2]);
  if (told[0] == how_.where.by.master)
    found(told[3], told[4]);
}

void master_watch::found(std::string_view host, std::string_view port) {
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  auto to = how_.where.at({std::string{host}, number});
  auto text = to_log_string(to);
  bool is_news = std::exchange(told_, text) != text;
  if (std::exchange(is_awaited_, false) || is_news)
    to_.found(to);
}

void master_watch::connection_failed(std::string_view reason) {
  if (state_ == state::asking)
    return next(reason);
  // The master may have moved unheard.
  state_ = state::idle;
  loop_.timers.at(clock::now() + pauses_.next(), retry_, [this] { begin(); });
}

void master_watch::next(std::string_view reason) {
  auto who = to_log_string(how_.where.sentinel(current_));
  doubt();
  if (++tried_ < how_.where.by.sentinels.size())
    return open();
  nobody_knows("no sentinel tells: " + who + ": " + std::string{reason});
}

void master_watch::nobody_knows(std::string_view reason) {
  state_ = state::idle;
  if (std::exchange(is_awaited_, false))
    return to_.failed(reason);
  loop_.timers.at(clock::now() + pauses_.next(), retry_, [this] { begin(); });
}

} // namespace greenroom::cluster
