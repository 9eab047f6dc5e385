#include "cluster/redis_logs.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cluster/room_functions.hpp"
#include "core/events.hpp"

namespace greenroom::cluster {

namespace {

constexpr std::chrono::milliseconds tick_interval{100};

/// Channels in one SUBSCRIBE.
constexpr std::size_t channels_per_command = 512;

/// Beats that a peer may miss: it may be busy, and costs a read of every room.
constexpr int peer_beats = 8;

/// A Redis that goes on refusing is not told about with every call.
constexpr std::chrono::seconds told_every{10};

/// Another Redis, or the same one a little later, may do it.
bool may_pass(std::string_view error) {
  constexpr std::array<std::string_view, 8> codes{
      "LOADING", "READONLY", "MASTERDOWN",  "NOAUTH",
      "BUSY",    "TRYAGAIN", "CLUSTERDOWN", "UNBLOCKED"};
  // Redis 6 tells of the script first.
  return error.find("-READONLY") != std::string_view::npos
         || std::ranges::any_of(
             codes, [&](auto code) { return error.starts_with(code); });
}

} // namespace

redis_logs::redis_logs(const redis_loop& in, redis_store_options how,
                       redis_store_counters& counts)
  : loop_(in),
    how_(std::move(how)),
    counts_(counts),
    tops_channel_(how_.logs.prefix + ":tops"),
    log_channels_(how_.logs.prefix + ":log:{"),
    commands_(in, named(how_, "log"),
              {[this] { on_commands_ready(); },
               [this](const redis_reply& reply) { on_answer(reply); },
               [this](std::string_view) {
                 on_commands_lost();
               }}),
    subscriber_(in, named(how_, "log-subscribe"),
                {[this] { on_subscriber_ready(); },
                 [this](const redis_reply& reply) { on_push(reply); },
                 [this](std::string_view) {
                   on_subscriber_lost();
                 }}) {
  channels_.add(tops_channel_);
  commands_.start();
  subscriber_.start();
  tick();
}

redis_logs::~redis_logs() {
  for_all([](shared_log& log) { log.give_up_all(); });
  run();
}

redis_link::options redis_logs::named(const redis_store_options& how,
                                      std::string name) {
  auto to = how.link;
  to.connection.client_name = how.logs.prefix + ':' + how.node_id + ':' + name;
  to.connection.ping_interval = how.beat;
  to.connection.ping_timeout = how.silent_after;
  to.connection.watches_role = to.connection.must_be_master && name == "log";
  to.name = std::move(name);
  return to;
}

// -- what rooms ask for -------------------------------------------------------

void redis_logs::take(std::vector<log_request> requests) {
  for (auto& each : requests)
    take(std::move(each));
}

void redis_logs::take(log_request what) {
  auto name = room_name(what.line->room);
  if (std::holds_alternative<log_request::opening>(what.what)) {
    auto& at = places_[name];
    if (!at.log)
      open(at, std::move(what));
    else if (at.log->is_closing())
      at.later.push_back(std::move(what));
    else // Two at once could not tell their messages apart.
      log_tells({what.line, {}, log_news::opened{true}});
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

void redis_logs::open(place& at, log_request what) {
  at.log = std::make_unique<shared_log>(how_.logs, what.line, *this);
  ++counts_.open;
  auto& log = *at.log;
  log.take(std::move(what));
  if (function_sha_.empty() || !subscriber_.ready())
    log.unlinked(); // It opens as soon as it can.
  if (channels_.add(log.channel()) && subscriber_.ready()) {
    channels_.sent(log.channel());
    subscriber_.send({"SUBSCRIBE", log.channel()});
  }
}

void redis_logs::finish_if_done(const std::string& name) {
  auto found = places_.find(name);
  if (found == places_.end() || !found->second.log->is_done())
    return;
  auto& at = found->second;
  if (channels_.remove(at.log->channel()) && subscriber_.ready())
    subscriber_.send({"UNSUBSCRIBE", at.log->channel()});
  --counts_.open;
  auto later = std::move(at.later);
  if (at.wants)
    std::erase(wanting_, name);
  places_.erase(found);
  take(std::move(later));
}

shared_log* redis_logs::find(std::string_view name) {
  auto found = places_.find(name);
  return found == places_.end() ? nullptr : found->second.log.get();
}

shared_log* redis_logs::find_by_channel(std::string_view channel) {
  if (!channel.starts_with(log_channels_) || !channel.ends_with('}'))
    return nullptr;
  channel.remove_prefix(log_channels_.size());
  channel.remove_suffix(1);
  return find(channel);
}

/// Logs may be done meanwhile, but are not taken away.
template <class Do>
void redis_logs::for_all(Do each) {
  for (auto& [name, at] : places_)
    each(*at.log);
}

// -- what logs say ------------------------------------------------------------

void redis_logs::log_tells(log_news news) {
  if (std::holds_alternative<log_news::found>(news.what)) {
    ++counts_.reads;
    --counts_.waiting;
  }
  news_[&news.line->loop].push_back(std::move(news));
  loop_.turn_end.add(*this);
}

void redis_logs::log_answered(const appended& what, std::uint64_t bytes) {
  --counts_.waiting;
  counts_.waiting_bytes -= bytes;
  switch (what.is) {
  case appended::verdict::accepted:
    ++counts_.accepted;
    return;
  case appended::verdict::duplicate:
    ++counts_.duplicates;
    return;
  case appended::verdict::conflict:
    ++counts_.conflicts;
    return;
  case appended::verdict::unavailable:
    ++counts_.unavailable;
  }
}

void redis_logs::log_answered(const key_answer& what, std::uint64_t bytes) {
  --counts_.waiting;
  counts_.waiting_bytes -= bytes;
  switch (what.is) {
  case key_answer::verdict::accepted:
    ++counts_.keys_set;
    return;
  case key_answer::verdict::conflict:
    ++counts_.conflicts;
    return;
  case key_answer::verdict::unavailable:
    ++counts_.unavailable;
    return;
  case key_answer::verdict::too_large:
    return;
  }
}

void redis_logs::log_wants(shared_log& log) {
  auto found = places_.find(log.name());
  if (found == places_.end() || std::exchange(found->second.wants, true))
    return;
  wanting_.push_back(log.name());
  loop_.turn_end.add(*this);
}

void redis_logs::log_awaits_word(const shared_log& log) {
  awaiting_.insert(log.name());
}

void redis_logs::log_repaired(const shared_log& log, std::uint64_t entries) {
  log::emit(events::store_repaired,
            {{"room", log.line()->room.id}, {"entries", entries}});
}

void redis_logs::log_turned(const shared_log& log, const log_turn& to) {
  log::emit(events::store_turned, {{"room", log.line()->room.id},
                                   {"epoch", to.epoch},
                                   {"from", to.from},
                                   {"known", to.known}});
}

void redis_logs::log_rejected(const shared_log& log, std::string_view why) {
  ++counts_.failures;
  log::emit(events::store_rejected,
            {{"room", log.line()->room.id}, {"reason", why}});
}

void redis_logs::log_dropped(std::size_t entries) {
  counts_.dropped += entries;
}

// -- calls --------------------------------------------------------------------

void redis_logs::on_commands_ready() {
  load();
}

void redis_logs::load() {
  function_sha_.clear();
  sent_.push_back({sent::kind::load, {}, 0});
  commands_.send({"SCRIPT", "LOAD", room_functions});
}

void redis_logs::on_commands_lost() {
  function_sha_.clear();
  sent_.clear();
  calls_under_way_ = 0;
  bytes_under_way_ = 0;
  words_under_way_.clear();
  for_all([](shared_log& log) { log.cut(); });
  unlink_all();
}

void redis_logs::unlink_all() {
  std::vector<std::string> done;
  for_all([&](shared_log& log) {
    log.unlinked();
    if (log.is_done())
      done.push_back(log.name());
  });
  for (const auto& name : done)
    finish_if_done(name);
}

void redis_logs::on_answer(const redis_reply& reply) {
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
    if (reply.is == redis_reply::kind::error)
      note_refusal(reply.text);
  }
}

void redis_logs::on_loaded(const redis_reply& reply) {
  if (reply.is != redis_reply::kind::text)
    return commands_.give_up("functions refused: " + std::string{reply.text});
  function_sha_ = reply.text;
  // What was missed while there was no connection, and what this Redis has.
  for_all([this](shared_log& log) {
    if (channels_.is_in_force(log.channel()))
      log.subscribed();
    log_wants(log);
  });
  say_word();
  loop_.turn_end.add(*this);
}

void redis_logs::on_called(const sent& what, const redis_reply& reply) {
  auto* log = find(what.log);
  if (log == nullptr)
    return;
  if (reply.is == redis_reply::kind::error) {
    if (reply.text.starts_with("NOSCRIPT")) {
      // All that are under way are told so: none overtakes another.
      log->cut();
      log_wants(*log);
      if (!function_sha_.empty())
        load();
      return finish_if_done(what.log);
    }
    if (may_pass(reply.text))
      return commands_.give_up("calls refused: " + std::string{reply.text});
    note_refusal(reply.text);
    log->refused();
  } else {
    log->answered(reply.text, words_ + 1);
  }
  finish_if_done(what.log);
}

void redis_logs::note_refusal(std::string_view reason) {
  ++counts_.failures;
  ++refusals_;
  auto now = clock::now();
  if (now - refusal_told_ < told_every)
    return;
  refusal_told_ = now;
  log::emit(events::store_refused,
            {{"reason", reason}, {"refused", std::exchange(refusals_, 0)}});
}

/// At the end of a turn: what came together goes together, both ways.
void redis_logs::run() {
  send_calls();
  for (auto& [loop, news] : news_) {
    if (news.empty())
      continue;
    auto batch =
        std::make_shared<std::vector<log_news>>(std::exchange(news, {}));
    loop->call([batch] {
      for (auto& each : *batch)
        tell(each);
    });
  }
}

void redis_logs::send_calls() {
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

void redis_logs::on_subscriber_ready() {
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
}

void redis_logs::on_subscriber_lost() {
  channels_.lost();
  words_under_way_.clear();
  unlink_all();
}

void redis_logs::on_push(const redis_reply& reply) {
  if (reply.is == redis_reply::kind::error) {
    note_refusal(reply.text);
    return subscriber_.give_up("subscribing refused: "
                               + std::string{reply.text});
  }
  if (reply.is != redis_reply::kind::array || reply.count != 3)
    return;
  auto kind = reply.elements[0];
  auto channel = reply.elements[1];
  if (kind == "message") {
    if (channel == tops_channel_)
      on_word(reply.elements[2]);
    else if (auto* log = find_by_channel(channel))
      log->heard(reply.elements[2]);
  } else if (kind == "subscribe" && channels_.confirmed(channel)
             && !function_sha_.empty()) {
    if (auto* log = find_by_channel(channel))
      log->subscribed();
  }
}

void redis_logs::on_word(std::string_view bytes) {
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

void redis_logs::tick() {
  auto now = clock::now();
  if (!function_sha_.empty() && now - said_ >= how_.beat)
    say_word();
  look_at_some();
  notice_silence(now);
  notice_lost_peers(now);
  give_up_old(now);
  loop_.timers.at(now + tick_interval, ticker_, [this] { tick(); });
}

/// 13. Each word is a beat too.
void redis_logs::say_word() {
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

void redis_logs::send_word(log_tops& word) {
  word.number = ++words_;
  if (channels_.is_in_force(tops_channel_))
    words_under_way_.push_back({words_, clock::now()});
  sent_.push_back({sent::kind::word, {}, 0});
  commands_.send({"PUBLISH", tops_channel_, encode_tops(word)});
  word.logs.clear();
}

/// 14: in each tick so many that all have had their turn in time.
void redis_logs::look_at_some() {
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

void redis_logs::look_at_all() {
  for_all([](shared_log& log) { log.look(); });
}

void redis_logs::notice_silence(clock::time_point now) {
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
  if (how_.link.where.has_sentinels())
    commands_.give_up("nothing is delivered");
}

/// It may have known of messages that nobody else does.
void redis_logs::notice_lost_peers(clock::time_point now) {
  if (std::erase_if(peers_,
                    [&](const auto& each) {
                      return now - each.second > peer_beats * how_.beat;
                    })
      > 0)
    look_at_all();
}

void redis_logs::give_up_old(clock::time_point now) {
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
