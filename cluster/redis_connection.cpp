#include "cluster/redis_connection.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <hiredis/hiredis.h>

#include "core/crash.hpp"
#include "core/fault_point.hpp"

namespace greenroom::cluster {

namespace {

using boost::system::error_code;

constexpr std::size_t input_bytes = 64 * 1024;

/// The reader moves what is left of its buffer to the front after each KiB that
/// it has read, so it is not given much at a time.
constexpr std::size_t feed_bytes = 4 * 1024;

/// A PING is answered by +PONG, or on a subscribed connection by a pair.
bool is_pong(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::status)
    return reply.text == "PONG";
  return reply.is == redis_reply::kind::array && reply.count == 2
         && reply.elements[0] == "pong";
}

} // namespace

void redis_connection::reader_delete::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

redis_connection::redis_connection(const redis_loop& in,
                                   std::shared_ptr<redis_stream> stream,
                                   redis_connection_options options)
  : loop_(in),
    stream_(std::move(stream)),
    options_(std::move(options)),
    reader_(redisReaderCreate()),
    input_(input_bytes) {
  if (!reader_)
    throw std::bad_alloc{};
}

redis_connection::~redis_connection() = default;

void redis_connection::start(const redis_endpoint& who, listener& to) {
  who_ = who;
  listener_ = &to;
  expect_within_timeout();
  stream_->connect([self = shared_from_this()](std::string error) {
    if (self->phase_ == phase::closed)
      return;
    if (!error.empty())
      return self->fail(std::move(error));
    self->safely([&] {
      self->greet();
      self->read();
    });
  });
}

template <class Work>
void redis_connection::safely(Work work) {
  try {
    work();
  } catch (...) {
    fail("its code failed: " + tell_crash("redis"));
  }
}

void redis_connection::run() {
  safely([this] { flush(); });
}

void redis_connection::send(std::span<const std::string_view> command) {
  if (phase_ == phase::closed)
    return;
  std::vector<const char*> parts;
  std::vector<std::size_t> sizes;
  for (auto part : command) {
    parts.push_back(part.data());
    sizes.push_back(part.size());
  }
  char* formatted = nullptr;
  auto size = redisFormatCommandArgv(&formatted, static_cast<int>(parts.size()),
                                     parts.data(), sizes.data());
  if (size < 0)
    throw std::bad_alloc{};
  ++commands_;
  output_.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
  loop_.turn_end.add(*this); // After what else this turn has to say.
}

void redis_connection::close() {
  if (std::exchange(phase_, phase::closed) == phase::closed)
    return;
  listener_ = nullptr;
  timer_.cancel();
  stream_->close();
}

// -- login --------------------------------------------------------------------

void redis_connection::greet() {
  phase_ = phase::greeting;
  // All at once: one round trip.
  if (!who_.password.empty()) {
    if (who_.user.empty())
      send({"AUTH", who_.password});
    else
      send({"AUTH", who_.user, who_.password});
    greeting_.push_back(step::auth);
  }
  if (who_.database != 0) {
    send({"SELECT", std::to_string(who_.database)});
    greeting_.push_back(step::select);
  }
  if (!options_.client_name.empty()) {
    send({"CLIENT", "SETNAME", options_.client_name});
    greeting_.push_back(step::name);
  }
  if (options_.must_be_master) {
    send({"ROLE"});
    greeting_.push_back(step::role);
  }
  // Tells whether a login was needed, and whether Redis has loaded its data.
  send({"PING"});
  greeting_.push_back(step::ping);
}

void redis_connection::on_greeting(const redis_reply& reply) {
  auto answered = greeting_.front();
  greeting_.pop_front();
  bool refused = reply.is == redis_reply::kind::error;
  // A name is a comfort; a Redis that forbids it will do.
  if (refused && answered != step::name) {
    auto what = answered == step::auth     ? "login refused: "
                : answered == step::select ? "database refused: "
                : answered == step::role   ? "its role refused: "
                                           : "refused: ";
    return fail(what + std::string{reply.text});
  }
  if (answered == step::role)
    on_role(reply);
  if (!greeting_.empty() || phase_ == phase::closed)
    return;
  phase_ = phase::ready;
  commands_ = 0;
  watch_life();
  listener_->connection_ready();
}

// -- reading ------------------------------------------------------------------

void redis_connection::read() {
  stream_->read(
      input_, [self = shared_from_this()](error_code failed, std::size_t size) {
        if (self->phase_ == phase::closed)
          return;
        if (failed)
          return self->fail("read: " + failed.message());
        self->safely([&] { self->on_read(size); });
      });
}

void redis_connection::on_read(std::size_t size) {
  ping_unanswered_ = false; // Any byte is a sign of life.
  // All that came is dealt with before more is read: TCP holds back the rest.
  for (std::size_t fed = 0; fed < size; fed += feed_bytes) {
    redisReaderFeed(reader_.get(), input_.data() + fed,
                    std::min(feed_bytes, size - fed));
    if (!on_replies())
      return;
  }
  if (reader_->len - reader_->pos > options_.reply_bytes_max)
    fail("a reply is longer than " + std::to_string(options_.reply_bytes_max)
         + " bytes");
}

/// False: it was closed meanwhile.
bool redis_connection::on_replies() {
  for (;;) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
      fail(std::string{"not the Redis protocol: "} + reader_->errstr);
      return false;
    }
    std::unique_ptr<void, decltype(&freeReplyObject)> reply{raw,
                                                            freeReplyObject};
    if (reply == nullptr)
      return true;
    dispatch(redis_reply{*static_cast<const redisReply*>(reply.get())});
    if (phase_ == phase::closed)
      return false;
  }
}

void redis_connection::dispatch(const redis_reply& reply) {
  fault_point("redis.reply", [] { return std::string_view{}; });
  if (phase_ == phase::greeting)
    return on_greeting(reply);
  if (is_pong(reply))
    return;
  // By its place: a refusal looks like any other.
  auto place = answers_++;
  if (!role_at_.empty() && role_at_.front() == place) {
    role_at_.pop_front();
    return on_role(reply);
  }
  listener_->connection_reply(reply);
}

void redis_connection::on_role(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::array && reply.elements[0] == "master")
    return;
  auto is =
      reply.is == redis_reply::kind::array ? reply.elements[0] : reply.text;
  fail("not a master: " + std::string{is});
}

// -- writing ------------------------------------------------------------------

/// While a write is on its way nothing is done: its end flushes.
void redis_connection::flush() {
  if (phase_ == phase::closed || phase_ == phase::connecting
      || !writing_.empty() || output_.empty())
    return;
  auto taken = stream_->write_now(output_);
  if (taken == output_.size())
    return output_.clear();
  writing_.swap(output_);
  stream_->write(std::string_view{writing_}.substr(taken),
                 [self = shared_from_this()](error_code failed, std::size_t) {
                   if (self->phase_ == phase::closed)
                     return;
                   if (failed)
                     return self->fail("write: " + failed.message());
                   self->writing_.clear();
                   self->run();
                 });
}

// -- timers -------------------------------------------------------------------

void redis_connection::expect_within_timeout() {
  loop_.timers.at(clock::now() + options_.connect_timeout, timer_, [this] {
    auto where = phase_ == phase::connecting ? "connect" : "login";
    fail(std::string{where} + ": no answer within "
         + std::to_string(options_.connect_timeout.count()) + " ms");
  });
}

void redis_connection::watch_life() {
  loop_.timers.at(clock::now() + options_.ping_interval, timer_,
                  [this] { safely([this] { on_life_tick(); }); });
}

void redis_connection::on_life_tick() {
  auto now = clock::now();
  if (!ping_unanswered_) {
    ping_unanswered_ = true;
    pinged_ = now;
    if (options_.watches_role)
      role_at_.push_back(commands_);
    send({options_.watches_role ? "ROLE" : "PING"});
  } else if (now - pinged_ >= options_.ping_timeout) {
    return fail("no answer within "
                + std::to_string(options_.ping_timeout.count()) + " ms");
  }
  watch_life();
}

void redis_connection::fail(std::string reason) {
  if (phase_ == phase::closed)
    return;
  auto self = shared_from_this(); // Who hears of it may let go of it.
  auto* to = listener_;
  close();
  to->connection_failed(reason);
}

} // namespace greenroom::cluster
