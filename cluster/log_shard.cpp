#include "cluster/log_shard.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cluster/channel_commands.hpp"
#include "cluster/room_functions.hpp"
#include "core/events.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::chrono::milliseconds tick_interval{100};

/// A slot with many keys takes a while.
constexpr std::chrono::seconds paused_told_after{2};

/// Beats that a peer may miss: it may be busy, and costs a read of every room.
constexpr int peer_beats = 8;

/// Another Redis, or the same one a little later, may do it.
bool may_pass(std::string_view error) {
  constexpr std::array<std::string_view, 7> codes{
      "LOADING", "READONLY",    "MASTERDOWN", "NOAUTH",
      "BUSY",    "CLUSTERDOWN", "UNBLOCKED"};
  // Redis 6 tells of the script first.
  return error.find("-READONLY") != std::string_view::npos
         || std::ranges::any_of(
             codes, [&](auto code) { return error.starts_with(code); });
}

redis_link::options named(redis_link::options to,
                          const redis_store_options& how, std::string name) {
  to.connection.client_name = how.logs.prefix + ':' + how.node_id + ':' + name;
  to.connection.ping_interval = how.beat;
  to.connection.ping_timeout = how.silent_after;
  to.connection.watches_role = to.connection.must_be_master && name == "log";
  to.name = std::move(name);
  return to;
}

} // namespace

log_shard::log_shard(const redis_loop& in, const redis_store_options& how,
                     const redis_link::options& link,
                     redis_store_counters& counts, owner& to)
  : loop_(in),
    how_(how),
    counts_(counts),
    owner_(to),
    where_(link.where),
    is_shard_(link.is_shard),
    words_of_redis_(link.is_shard ? words_of_shard : words_of_server),
    may_part_(link.connection.must_be_master),
    functions_(room_functions(words_of_redis_.publish)),
    log_channels_(how_.logs.prefix + ":log:{"),
    commands_(in, named(link, how_, "log"),
              {[this] { load(); },
               [this](const redis_reply& reply) { on_answer(reply); },
               [this](std::string_view) {
                 on_commands_lost();
               }}),
    subscriber_(in, named(link, how_, "log-subscribe"),
                {[this] { on_subscriber_ready(); },
                 [this](const redis_reply& reply) { on_push(reply); },
                 [this](std::string_view) {
                   on_subscriber_lost();
                 }}) {
  tick();
}

log_shard::~log_shard() = default;

void log_shard::start() {
  commands_.start();
  subscriber_.start();
}

// -- what rooms ask for -------------------------------------------------------

void log_shard::take(const std::string& name, log_request what) {
  if (std::holds_alternative<log_request::opening>(what.what)) {
    auto& at = places_[name];
    if (!at.log)
      open(at, std::move(what));
    else if (at.log->is_closing())
      at.later.push_back(std::move(what));
    else // Two at once could not tell their messages apart.
      owner_.log_tells({what.line, {}, log_news::opened{true}});
    return;
  }
  auto found = places_.find(name);
  if (found == places_.end())
    return; // It could not be opened.
  auto& at = found->second;
  if (at.log->line() == what.line) {
    at.log->take(std::move(what));
    finish_if_done(name);
  } else if (std::ranges::any_of(at.later, [&](const auto& each) {
               return each.line == what.line;
             })) {
    at.later.push_back(std::move(what));
  }
}

void log_shard::open(place& at, log_request what) {
  at.log = std::make_unique<shared_log>(how_.logs, what.line, owner_);
  at.slot = hash_slot_of_tag(at.log->name());
  ++counts_.open;
  at.log->take(std::move(what));
  link(*at.log);
}

/// It opens, or goes on, as soon as it can.
void log_shard::link(shared_log& log) {
  if (function_sha_.empty() || !subscriber_.ready())
    log.unlinked();
  subscribe_one(subscriber_, words_of_redis_, channels_, log.channel());
}

void log_shard::finish_if_done(const std::string& name) {
  auto found = places_.find(name);
  if (found == places_.end() || !found->second.log->is_done())
    return;
  auto& at = found->second;
  unsubscribe_one(subscriber_, words_of_redis_, channels_, at.log->channel());
  --counts_.open;
  auto later = std::move(at.later);
  if (at.wants)
    std::erase(wanting_, name);
  places_.erase(found);
  for (auto& each : later)
    take(name, std::move(each));
}

shared_log* log_shard::find(std::string_view name) {
  auto found = places_.find(name);
  return found == places_.end() ? nullptr : found->second.log.get();
}

/// Empty: it is no room's.
std::string_view log_shard::name_in(std::string_view channel) const {
  if (!channel.starts_with(log_channels_) || !channel.ends_with('}'))
    return {};
  channel.remove_prefix(log_channels_.size());
  channel.remove_suffix(1);
  return channel;
}

/// Logs may be done meanwhile, but are not taken away.
template <class Do>
void log_shard::for_all(Do each) {
  for (auto& [name, at] : places_)
    each(*at.log);
}

void log_shard::want(const std::string& name) {
  auto found = places_.find(name);
  if (found == places_.end() || std::exchange(found->second.wants, true))
    return;
  wanting_.push_back(name);
  loop_.turn_end.add(*this);
}

void log_shard::give_up_all() {
  for_all([](shared_log& log) { log.give_up_all(); });
}

// -- logs that move -----------------------------------------------------------

void log_shard::take_out(const std::function<bool(std::uint16_t slot)>& which,
                         std::vector<moving>& to) {
  for (auto at = places_.begin(); at != places_.end();) {
    if (!which(at->second.slot)) {
      ++at;
      continue;
    }
    at->second.log->cut(); // Nobody hears the answer.
    at->second.log->unlinked();
    at->second.wants = false;
    to.push_back({at->first, std::move(at->second)});
    at = places_.erase(at);
  }
  (void)channels_.take_out(which);
  std::erase_if(wanting_,
                [&](const auto& name) { return !places_.contains(name); });
  // What they were asked is not answered to them if they come back.
  for (auto& each : sent_)
    if (each.is == sent::kind::call && !places_.contains(each.log))
      each.log.clear();
}

void log_shard::put(moving what) {
  auto& at = places_[what.name] = std::move(what.at);
  link(*at.log);
  want(what.name);
  finish_if_done(what.name);
}

// -- calls --------------------------------------------------------------------

void log_shard::load() {
  function_sha_.clear();
  sent_.push_back({sent::kind::load, {}, 0});
  commands_.send({"SCRIPT", "LOAD", functions_});
}

void log_shard::on_commands_lost() {
  function_sha_.clear();
  sent_.clear();
  calls_under_way_ = 0;
  bytes_under_way_ = 0;
  words_under_way_.clear();
  for_all([](shared_log& log) { log.cut(); });
  unlink_all();
  owner_.shard_lost();
}

void log_shard::unlink_all() {
  std::vector<std::string> done;
  for_all([&](shared_log& log) {
    log.unlinked();
    if (log.is_done())
      done.push_back(log.name());
  });
  for (const auto& name : done)
    finish_if_done(name);
}

void log_shard::on_answer(const redis_reply& reply) {
  if (sent_.empty())
    return commands_.give_up("an answer that nobody asked for");
  auto what = std::move(sent_.front());
  sent_.pop_front();
  switch (what.is) {
  case sent::kind::load:
    return on_loaded(reply);
  case sent::kind::call:
    --calls_under_way_;
    bytes_under_way_ -= what.bytes;
    loop_.turn_end.add(*this);
    return on_called(what, reply);
  case sent::kind::word:
    return on_said(reply);
  }
}

void log_shard::on_loaded(const redis_reply& reply) {
  if (reply.is != redis_reply::kind::text)
    return commands_.give_up("functions refused: " + std::string{reply.text});
  function_sha_ = reply.text;
  // What was missed while there was no connection, and what this Redis has.
  for_all([this](shared_log& log) {
    if (channels_.is_in_force(log.channel()))
      log.subscribed();
    want(log.name());
  });
  say_word();
  loop_.turn_end.add(*this);
}

void log_shard::on_called(const sent& what, const redis_reply& reply) {
  auto* log = find(what.log);
  if (log == nullptr)
    return;
  if (reply.is != redis_reply::kind::error) {
    log->answered(reply.text, words_ + 1);
  } else if (auto slot = moved_slot(reply.text); slot && is_shard_) {
    log->not_done();
    pause(what.log, reply.text); // If it does not go.
    return owner_.shard_moved(*this, *slot);
  } else if (!on_not_done(*log, reply.text)) {
    if (may_pass(reply.text))
      return commands_.give_up("calls refused: " + std::string{reply.text});
    owner_.shard_refused(reply.text);
    log->refused();
  }
  finish_if_done(what.log);
}

/// What is soon to be asked again. False: it is another error.
bool log_shard::on_not_done(shared_log& log, std::string_view error) {
  bool is_unknown = error.starts_with("NOSCRIPT");
  if (!is_unknown && !is_moving(error))
    return false;
  // All that are under way are told so: none overtakes another.
  log.not_done();
  if (is_unknown) {
    want(log.name());
    if (!function_sha_.empty())
      load();
  } else {
    pause(log.name(), error);
  }
  return true;
}

void log_shard::on_said(const redis_reply& reply) {
  if (reply.is != redis_reply::kind::error)
    return;
  if (auto slot = moved_slot(reply.text); slot && is_shard_)
    return owner_.shard_moved(*this, *slot);
  owner_.shard_refused(reply.text);
}

void log_shard::pause(const std::string& name, std::string_view why) {
  if (paused_why_.empty())
    paused_since_ = clock::now();
  paused_.push_back(name);
  paused_why_ = why;
}

/// At the end of a turn: what came together goes together.
void log_shard::run() {
  if (function_sha_.empty())
    return;
  std::vector<std::string_view> command;
  while (!wanting_.empty() && calls_under_way_ < how_.window_calls_max
         && bytes_under_way_ < how_.window_bytes_max) {
    auto name = std::move(wanting_.front());
    wanting_.pop_front();
    auto found = places_.find(name);
    if (found == places_.end())
      continue;
    found->second.wants = false;
    auto call = found->second.log->next();
    if (!call)
      continue;
    command.assign({"EVALSHA", function_sha_});
    command.insert(command.end(), call->arguments.begin(),
                   call->arguments.end());
    commands_.send(command);
    ++calls_under_way_;
    bytes_under_way_ += call->bytes;
    sent_.push_back({sent::kind::call, std::move(name), call->bytes});
  }
}

// -- subscribing --------------------------------------------------------------

void log_shard::on_subscriber_ready() {
  subscribe_all(subscriber_, words_of_redis_, channels_);
}

void log_shard::on_subscriber_lost() {
  channels_.lost();
  words_under_way_.clear();
  unlink_all();
  owner_.shard_lost();
}

void log_shard::on_push(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::error) {
    if (auto slot = moved_slot(reply.text); slot && is_shard_)
      return owner_.shard_moved(*this, *slot);
    owner_.shard_refused(reply.text);
    return subscriber_.give_up("subscribing refused: "
                               + std::string{reply.text});
  }
  if (reply.is != redis_reply::kind::array || reply.count != 3)
    return;
  auto kind = reply.elements[0];
  auto channel = reply.elements[1];
  if (kind == words_of_redis_.message) {
    if (channel == tops_channel_)
      on_word(reply.elements[2]);
    else if (auto* log = find(name_in(channel)))
      log->heard(reply.elements[2]);
  } else if (kind == words_of_redis_.subscribed && channels_.confirmed(channel)
             && !function_sha_.empty()) {
    if (auto* log = find(name_in(channel)))
      log->subscribed();
  } else if (kind == words_of_redis_.unsubscribed
             && channels_.is_in_force(channel)) {
    owner_.shard_moved(*this, hash_slot(channel)); // Nobody asked for it.
  }
}

void log_shard::on_word(std::string_view bytes) {
  auto word = decode_tops(bytes);
  if (!word) {
    ++counts_.failures;
    return;
  }
  if (word->node == how_.node_id) {
    while (!words_under_way_.empty()
           && words_under_way_.front().number <= word->number)
      words_under_way_.pop_front();
    // Few of many: not all are visited.
    std::erase_if(awaiting_, [&](const std::string& name) {
      auto* log = find(name);
      return log == nullptr || log->word_came(word->number);
    });
    return;
  }
  if (peers_.size() < how_.peers_max || peers_.contains(word->node))
    peers_[word->node] = clock::now();
  for (const auto& each : word->logs)
    if (auto* log = find(each.room))
      log->peer_is_at(each.epoch, each.top, each.state);
}

// -- from time to time --------------------------------------------------------

void log_shard::speak_over(const std::string& channel) {
  if (channel == tops_channel_ && channels_.is_wanted(channel))
    return;
  // Of one whose slot has gone, Redis has let go itself.
  if (!tops_channel_.empty())
    (void)channels_.remove(tops_channel_);
  tops_channel_ = channel;
  words_under_way_.clear();
  if (!channel.empty())
    subscribe_one(subscriber_, words_of_redis_, channels_, channel);
}

void log_shard::tick() {
  auto now = clock::now();
  if (!function_sha_.empty() && now - said_ >= how_.beat)
    say_word();
  look_at_some();
  ask_paused_again(now);
  notice_silence(now);
  notice_lost_peers(now);
  give_up_old(now);
  loop_.timers.at(now + tick_interval, ticker_, [this] { tick(); });
}

/// 13. Each word is a beat too.
void log_shard::say_word() {
  if (tops_channel_.empty())
    return;
  auto now = clock::now();
  said_ = now;
  log_tops word{how_.node_id, 0, {}};
  if (now - looked_ >= how_.look) {
    looked_ = now;
    for_all([&](shared_log& log) {
      if (!log.is_touched() || log.epoch().empty())
        return;
      word.logs.push_back(
          {log.name(), log.epoch(), log.have(), log.have_key()});
      log.look();
      if (word.logs.size() == log_tops::logs_max)
        send_word(word);
    });
  }
  send_word(word);
}

void log_shard::send_word(log_tops& word) {
  word.number = ++words_;
  if (channels_.is_in_force(tops_channel_))
    words_under_way_.push_back({words_, clock::now()});
  sent_.push_back({sent::kind::word, {}, 0});
  commands_.send({words_of_redis_.publish, tops_channel_, encode_tops(word)});
  word.logs.clear();
}

/// 14: in each tick so many that all have had their turn in time.
void log_shard::look_at_some() {
  auto buckets = places_.bucket_count();
  looks_due_ += static_cast<double>(buckets)
                * static_cast<double>(tick_interval.count())
                / static_cast<double>(how_.look_at_all.count());
  for (; looks_due_ >= 1; --looks_due_) {
    next_bucket_ = (next_bucket_ + 1) % buckets;
    for (auto at = places_.begin(next_bucket_); at != places_.end(next_bucket_);
         ++at)
      at->second.log->look();
  }
}

void log_shard::look_at_all() {
  for_all([](shared_log& log) { log.look(); });
}

/// A slot that stays between two shards is for somebody to see to.
void log_shard::ask_paused_again(clock::time_point now) {
  if (paused_.empty())
    return paused_why_.clear();
  if (now - paused_since_ > paused_told_after)
    owner_.shard_refused(paused_why_);
  for (const auto& name : std::exchange(paused_, {}))
    want(name);
}

void log_shard::notice_silence(clock::time_point now) {
  if (words_under_way_.empty())
    return;
  auto silent = std::chrono::duration_cast<milliseconds>(
      now - words_under_way_.front().since);
  if (silent < how_.silent_after || !subscriber_.ready())
    return;
  words_under_way_.clear();
  log::emit(events::store_silent, {{"silent_ms", silent.count()}});
  subscriber_.give_up("nothing is delivered");
  // The two may have parted: one at the master, one where it was.
  if (may_part_)
    commands_.give_up("nothing is delivered");
}

/// It may have known of messages that nobody else does.
void log_shard::notice_lost_peers(clock::time_point now) {
  if (std::erase_if(peers_,
                    [&](const auto& each) {
                      return now - each.second > peer_beats * how_.beat;
                    })
      > 0)
    look_at_all();
}

void log_shard::give_up_old(clock::time_point now) {
  if (counts_.waiting == 0 || now - gave_up_ < how_.unavailable_after / 20)
    return;
  gave_up_ = now;
  std::vector<std::string> done;
  for_all([&](shared_log& log) {
    log.give_up_older(now - how_.unavailable_after);
    if (log.is_done())
      done.push_back(log.name());
  });
  for (const auto& name : done)
    finish_if_done(name);
}

} // namespace greenroom::cluster
