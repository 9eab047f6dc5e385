#include "cluster/redis_logs.hpp"

#include <utility>

#include "core/events.hpp"
#include "core/loop_counters.hpp"

namespace greenroom::cluster {

namespace {

/// A Redis that goes on refusing is not told about with every call.
constexpr std::chrono::seconds told_every{10};

} // namespace

redis_logs::redis_logs(const redis_loop& in, redis_store_options how,
                       redis_store_counters& counts)
  : loop_(in),
    how_(std::move(how)),
    counts_(counts),
    tops_(how_.logs.prefix + ":tops"),
    shards_(make_shard(how_.link),
            how_.link.where.is_cluster()
                ? [this](const slot_map::address& where) {
                    return make_shard_at(where);
                  }
                : redis_shards<log_shard>::make{}) {
  if (shards_.is_cluster()) {
    watch_slots();
  } else {
    shards_.first().speak_over(tops_);
    shards_.first().start();
  }
}

void redis_logs::watch_slots() {
  auto asks = how_.link;
  asks.name = "log-slots";
  asks.connection.client_name =
      how_.logs.prefix + ':' + how_.node_id + ":log-slots";
  watch_ = std::make_unique<slot_watch>(
      loop_, std::move(asks),
      slot_watch::callbacks{[this](const slot_map& map) { on_slots(map); },
                            [](std::string_view) {
                            }});
  watch_->start();
}

redis_logs::~redis_logs() {
  shards_.each([](log_shard& each) { each.give_up_all(); });
  run();
}

void redis_logs::take(std::vector<log_request> requests) {
  for (auto& each : requests) {
    auto name = room_name(each.line->room);
    shards_.of_tag(name).take(name, std::move(each));
  }
}

// -- shards -------------------------------------------------------------------

std::unique_ptr<log_shard>
redis_logs::make_shard(const redis_link::options& link) {
  log_shard::owner& self = *this;
  return std::make_unique<log_shard>(loop_, how_, link, counts_, self);
}

std::unique_ptr<log_shard>
redis_logs::make_shard_at(const slot_map::address& where) {
  auto shard = make_shard(at_shard(how_.link, where));
  shard->speak_over(shards_.name_within(tops_ + ':', where));
  shard->start();
  return shard;
}

void redis_logs::shard_moved(log_shard& which, std::uint16_t slot) {
  if (!watch_)
    return;
  watch_->doubt();
  std::vector<log_shard::moving> moving;
  if (shards_.lose(slot, which, moving))
    place(std::move(moving));
}

void redis_logs::shard_lost() {
  if (watch_)
    watch_->doubt();
}

void redis_logs::on_slots(const slot_map& map) {
  std::vector<log_shard::moving> moving;
  if (!shards_.update(map, moving))
    return;
  shards_.each([this](log_shard& each) {
    if (!shards_.is_nowhere(each))
      each.speak_over(shards_.name_within(
          tops_ + ':', {each.where().host, each.where().port}));
  });
  place(std::move(moving));
}

void redis_logs::place(std::vector<log_shard::moving> what) {
  for (auto& each : what)
    shards_.of_slot(each.at.slot).put(std::move(each));
}

void redis_logs::shard_refused(std::string_view reason) {
  ++counts_.failures;
  ++refusals_;
  auto now = clock::now();
  if (now - refusal_told_ < told_every)
    return;
  refusal_told_ = now;
  log::emit(events::store_refused,
            {{"reason", reason}, {"refused", std::exchange(refusals_, 0)}});
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
  shards_.of_tag(log.name()).want(log.name());
}

void redis_logs::log_awaits_word(const shared_log& log) {
  shards_.of_tag(log.name()).await_word(log.name());
}

void redis_logs::log_repaired(const shared_log& log, std::uint64_t entries) {
  counted().log_repairs.add();
  log::emit(events::store_repaired,
            {{"room", log.line()->room.id}, {"entries", entries}});
}

void redis_logs::log_turned(const shared_log& log, const log_turn& to) {
  counted().log_turns.add();
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

/// At the end of a turn: what came together goes together.
void redis_logs::run() {
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

} // namespace greenroom::cluster
