#include "cluster/shared_log.hpp"

#include <algorithm>
#include <utility>

#include "core/random_id.hpp"

namespace greenroom::cluster {

namespace {

template <class T>
constexpr std::size_t cost(const T& what) {
  return what.bytes + sizeof(T);
}

bool is_opening(const log_request& what) {
  return std::holds_alternative<log_request::opening>(what.what);
}

} // namespace

shared_log::shared_log(const shared_log_options& how,
                       std::shared_ptr<shared_line> line, outlet& to)
  : how_(how),
    line_(std::move(line)),
    to_(to),
    name_(room_name(line_->room)),
    shared_keys_(how.ahead_max, how.ahead_bytes_max, *this) {
  // One slot whatever the id is: the tag ends at the first `}`, which may be
  // one of the id, but is the same in all five.
  auto tag = '{' + name_ + '}';
  channel_ = how_.prefix + ":log:" + tag;
  for (auto part : {":meta", ":log", ":ids", ":state"})
    keys_.push_back(how_.prefix + ':' + tag + part);
  const auto& bounds = line_->bounds;
  bounds_ = {std::to_string(bounds.messages),
             std::to_string(bounds.bytes),
             std::to_string(bounds.age.count()),
             std::to_string(bounds.dedupe_messages),
             std::to_string(bounds.dedupe_window.count()),
             std::to_string(bounds.state_keys),
             std::to_string(bounds.state_bytes)};
}

// -- what comes ---------------------------------------------------------------

void shared_log::take(log_request what) {
  if (std::holds_alternative<log_request::closing>(what.what)) {
    closing_ = true;
    if (!requests_.empty() && is_opening(requests_.front()))
      requests_.clear();
    return;
  }
  requests_.push_back(std::move(what));
  to_.log_wants(*this);
}

void shared_log::subscribed() {
  subscribed_ = true;
  owe_read(is_open());
}

void shared_log::unlinked() {
  subscribed_ = false;
  tell_linked(false);
}

void shared_log::cut() {
  auto was = std::exchange(flight_, flight::none);
  if (was == flight::repair)
    owed_ = true;
  if (was == flight::appends || held_)
    send_again();
  // A second time, a key could be set over what another has set since.
  if (was == flight::keys)
    refuse_sent();
  sent_ = 0;
  settled_ = 0;
}

void shared_log::not_done() {
  if (std::exchange(flight_, flight::none) == flight::repair)
    owed_ = true;
  else
    sent_ = settled_ = 0;
}

/// Appends that may be in the log. Redis tells by their keys; where it
/// remembers none, they would be there twice.
void shared_log::send_again() {
  held_.reset();
  const auto& bounds = line_->bounds;
  if (bounds.dedupe_messages == 0 || bounds.dedupe_window.count() == 0)
    refuse_sent();
  sent_ = 0;
  settled_ = 0;
}

void shared_log::refuse_sent() {
  for (auto left = sent_ - settled_; left > 0; --left)
    refuse_first();
}

/// 5 to 8.
void shared_log::heard(std::string_view bytes) {
  auto said = decode_published(bytes, state_.epoch, state_.top);
  touched_ = true;
  if (!said) {
    to_.log_rejected(*this, said.error().text);
    return owe_read(true);
  }
  std::visit([this](auto& what) { hear(std::move(what)); }, *said);
}

void shared_log::hear_of_other_epoch() {
  if (flight_ == flight::repair)
    again_ = true; // Its answer may be older than this.
  else if (is_open())
    owe_read(false);
}

void shared_log::hear(published_keys&& what) {
  if (!is_open() || what.epoch != state_.epoch)
    return hear_of_other_epoch();
  if (shared_keys_.heard(std::move(what.changes)))
    return;
  if (flight_ == flight::repair)
    again_ = true;
  else
    owe_read(true);
}

void shared_log::hear(published_entries&& what) {
  if (!is_open() || what.epoch != state_.epoch)
    return hear_of_other_epoch();
  kept_from_ = std::max(kept_from_, what.first);
  bool fits = what.start <= reach() + 1;
  for (auto& each : what.entries)
    fits &= put_ahead(std::move(each));
  if (flight_ == flight::repair) {
    again_ |= !fits;
    return;
  }
  advance();
  if (!fits)
    owe_read(true);
}

void shared_log::peer_is_at(std::string_view epoch, std::uint64_t top,
                            std::uint64_t key) {
  if (is_open() && (epoch != state_.epoch || top > reach() || key > have_key()))
    owe_read(true);
}

void shared_log::look() {
  if (is_open())
    owe_read(false);
}

bool shared_log::word_came(std::uint64_t n) {
  if (!floor_holds_)
    return true;
  if (n < floor_word_)
    return false;
  floor_holds_ = false;
  // The answer to a read that is under way says it anew.
  if (flight_ == flight::repair)
    return true;
  if (state_.top + 1 < floor_)
    advance(floor_);
  owe_read(true);
  return true;
}

void shared_log::owe_read(bool missing) {
  owed_ = true;
  missing_ |= missing;
  to_.log_wants(*this);
}

// -- calls --------------------------------------------------------------------

std::optional<shared_log::command> shared_log::next() {
  if (flight_ != flight::none || (closing_ && requests_.empty()))
    return std::nullopt;
  if (!is_open() && !subscribed_)
    return std::nullopt;
  if (owed_ || !is_open())
    return make_repair();
  if (requests_.empty())
    return std::nullopt;
  sent_ = 0;
  settled_ = 0;
  if (std::holds_alternative<appending>(requests_.front().what))
    return make_appends();
  if (std::holds_alternative<setting>(requests_.front().what))
    return make_keys();
  return make_other(requests_.front());
}

shared_log::command shared_log::make(std::string_view function,
                                     std::int64_t now) const {
  command to;
  auto& out = to.arguments;
  out.reserve(24);
  out.emplace_back("4");
  out.insert(out.end(), keys_.begin(), keys_.end());
  out.emplace_back(function);
  // Drawn for each call: one that was sent may have been used, or will be.
  out.push_back(random_id("", 12));
  out.push_back(channel_);
  out.push_back(std::to_string(how_.expiry.count()));
  out.push_back(std::to_string(now));
  out.insert(out.end(), bounds_.begin(), bounds_.end());
  return to;
}

/// 9.
shared_log::command shared_log::make_repair() {
  flight_ = flight::repair;
  owed_ = false;
  again_ = false;
  touched_ = false;
  floor_holds_ = false;
  read_subscribed_ = subscribed_;
  auto to = make("read", 0); // No clock: nothing is too old.
  to.arguments.push_back(state_.epoch);
  to.arguments.push_back(std::to_string(reach()));
  to.arguments.push_back(std::to_string(read_entries_max));
  to.arguments.push_back(std::to_string(read_bytes_max));
  to.arguments.push_back(std::to_string(have_key()));
  return to;
}

/// 1. As many as wait and one call may carry.
shared_log::command shared_log::make_appends() {
  flight_ = flight::appends;
  return make_together<appending>("append");
}

shared_log::command shared_log::make_keys() {
  flight_ = flight::keys;
  return make_together<setting>("set");
}

namespace {

std::string_view name_of(const log_request::appending& what) {
  return what.key;
}

std::string_view name_of(const log_request::setting& what) {
  return what.is.name;
}

} // namespace

template <class Request>
shared_log::command shared_log::make_together(std::string_view function) {
  command to;
  std::int64_t now = 0;
  for (auto& each : requests_) {
    auto* what = std::get_if<Request>(&each.what);
    if (what == nullptr || sent_ == how_.call_messages_max
        || (sent_ > 0 && to.bytes + what->packed.size() > how_.call_bytes_max))
      break;
    now = what->now;
    to.arguments.emplace_back(name_of(*what));
    to.arguments.push_back(what->expected);
    to.arguments.push_back(what->packed);
    to.bytes += what->packed.size();
    if constexpr (std::is_same_v<Request, appending>)
      own_.insert(what->key);
    ++sent_;
  }
  auto front = make(function, now).arguments;
  to.arguments.insert(to.arguments.begin(),
                      std::make_move_iterator(front.begin()),
                      std::make_move_iterator(front.end()));
  return to;
}

shared_log::command shared_log::make_other(const log_request& what) {
  flight_ = flight::other;
  sent_ = 1;
  if (const auto* reading = std::get_if<log_request::reading>(&what.what)) {
    auto to = make("history", reading->now);
    auto behind =
        std::min(std::max<std::uint64_t>(reading->from, 1) - 1, state_.top);
    to.arguments.push_back(std::to_string(behind));
    to.arguments.push_back(
        std::to_string(std::min(reading->limit, read_entries_max)));
    to.arguments.push_back(std::to_string(read_bytes_max));
    return to;
  }
  if (const auto* trimming = std::get_if<log_request::trimming>(&what.what)) {
    auto to = make("history", trimming->now);
    for (auto none : {"0", "0", "0"})
      to.arguments.emplace_back(none);
    return to;
  }
  return make("forget", 0);
}

// -- answers ------------------------------------------------------------------

void shared_log::answered(std::string_view bytes, std::uint64_t next_word) {
  if (flight_ == flight::none)
    return;
  if (flight_ == flight::appends) {
    if (auto answer = decode_append_answer(bytes); answers_all(answer))
      on_appends(*answer);
  } else if (flight_ == flight::keys) {
    if (auto answer = decode_keys_answer(bytes); answers_all(answer))
      on_keys(*answer);
  } else if (auto answer = decode_read_answer(bytes)) {
    if (std::exchange(flight_, flight::none) == flight::repair)
      on_repair(std::move(*answer), next_word);
    else
      on_other(std::move(*answer));
  } else {
    to_.log_rejected(*this, answer.error().text);
    refused();
  }
  to_.log_wants(*this);
}

/// Whether the call that is under way was answered, request by request; else it
/// is refused.
template <class Answer>
bool shared_log::answers_all(const Answer& answer) {
  if (answer && answer->verdicts.size() == sent_) {
    flight_ = flight::none;
    return true;
  }
  to_.log_rejected(*this, answer ? "answers are missing" : answer.error().text);
  refused();
  return false;
}

/// 10 and 11.
void shared_log::on_repair(read_answer&& answer, std::uint64_t next_word) {
  if (!is_open()) {
    state_.epoch = answer.epoch;
    state_.top = answer.from;
    kept_from_ = answer.first;
    take_state(answer);
    shared_keys_.turn(answer.epoch);
    take_keys(answer);
    if (!requests_.empty())
      pop(); // The opening.
    tell(log_news::opened{});
  } else if (answer.epoch != state_.epoch) {
    turn(answer);
  }
  take_state(answer);
  take_keys(answer);
  auto before = reach();
  std::uint64_t found = 0;
  for (auto& each : answer.entries) {
    if (each.is.offset > before && !ahead_.contains(each.is.offset))
      ++found;
    if (each.is.offset > state_.top) {
      ahead_bytes_ += cost(each);
      auto offset = each.is.offset;
      if (auto put = ahead_.try_emplace(offset, std::move(each)); !put.second)
        ahead_bytes_ -= cost(put.first->second);
    }
  }
  if (std::exchange(missing_, false) && found > 0)
    to_.log_repaired(*this, found);
  if (held_ && held_->epoch == state_.epoch)
    settle_appends(*std::exchange(held_, std::nullopt));
  else if (held_)
    send_again();
  advance();
  if (reach() + 1 < kept_from_) {
    // Maybe it is only not yet heard: another connection brings that.
    floor_ = kept_from_;
    floor_word_ = next_word;
    floor_holds_ = true;
    to_.log_awaits_word(*this);
  } else if (reach() < answer.top) {
    again_ = true; // One answer has its bounds.
  }
  if (std::exchange(again_, false))
    owe_read(true);
  // Until the word comes, members lack what was trimmed and all behind it.
  if (read_subscribed_ && subscribed_ && !owed_ && !floor_holds_)
    tell_linked(true);
}

/// 10: what was heard and not told is of both epochs up to `from`.
void shared_log::turn(const read_answer& answer) {
  log_turn to{answer.epoch, answer.from, answer.known};
  if (answer.known) {
    to.from = std::min(answer.from, state_.top);
    while (!ahead_.empty() && ahead_.rbegin()->first > answer.from) {
      auto last = std::prev(ahead_.end());
      ahead_bytes_ -= cost(last->second);
      ahead_.erase(last);
    }
  } else {
    drop_ahead();
  }
  state_.epoch = answer.epoch;
  state_.top = to.from;
  kept_from_ = answer.first;
  take_state(answer);
  to_.log_turned(*this, to);
  tell(std::move(to));
  shared_keys_.turn(answer.epoch);
}

void shared_log::take_keys(read_answer& answer) {
  if (!answer.keys)
    return;
  shared_keys_.whole(answer.state, std::move(*answer.keys));
  answer.keys.reset();
}

void shared_log::take_state(const read_answer& answer) {
  state_.before = answer.prev;
  state_.base = answer.base;
  kept_from_ = std::max(kept_from_, answer.first);
}

/// 2 and 3.
void shared_log::on_appends(const append_answer& answer) {
  if (answer.epoch != state_.epoch) {
    held_ = answer;
    return owe_read(true);
  }
  kept_from_ = std::max(kept_from_, answer.first);
  settle_appends(answer);
  advance();
}

void shared_log::settle_appends(const append_answer& answer) {
  for (auto i = settled_; i < sent_; ++i) {
    // Out first: what throws below must not have it answered twice.
    auto what = std::move(std::get<appending>(requests_.front().what));
    auto said = answer.verdicts[i];
    own_.erase(what.key);
    pop();
    to_.log_answered(said, what.bytes);
    tell(said);
    if (said.is == appended::verdict::accepted) {
      touched_ = true;
      what.is.offset = said.offset;
      if (!put_ahead({std::move(what.key), std::move(what.is), what.bytes}))
        owe_read(true);
    }
  }
  sent_ = 0;
  settled_ = 0;
}

/// Of another epoch: what was accepted is in the state that is read now.
void shared_log::on_keys(const keys_answer& answer) {
  touched_ = true;
  for (auto i = settled_; i < sent_; ++i) {
    auto& front = requests_.front();
    auto& what = std::get<setting>(front.what);
    auto said = answer.verdicts[i];
    if (said.is_change && answer.epoch == state_.epoch) {
      // Not waiting for the subscription to bring it.
      what.is.number = said.how.number;
      if (!shared_keys_.put(std::move(what.is)))
        owe_read(true);
    }
    shared_keys_.answered(said.how, answer.epoch, what.bytes, front.since);
    pop();
  }
  sent_ = 0;
  settled_ = 0;
  shared_keys_.advance();
  if (answer.epoch != state_.epoch)
    owe_read(true);
}

void shared_log::on_other(read_answer&& answer) {
  if (settled_ > 0)
    return; // It was given up.
  auto& what = requests_.front().what;
  if (auto* forgetting = std::get_if<log_request::forgetting>(&what)) {
    drop_ahead();
    state_ = {answer.epoch};
    kept_from_ = answer.first;
    take_state(answer);
    shared_keys_.turn(answer.epoch);
    shared_keys_.whole(answer.state, {});
    tell(log_news::forgotten{std::move(forgetting->answer), {}});
    return pop();
  }
  if (answer.epoch != state_.epoch)
    return owe_read(true); // And asked again then.
  take_state(answer);
  if (auto* reading = std::get_if<log_request::reading>(&what)) {
    // Redis was asked for no more than was known here, which `from` may be.
    room_store::entries found;
    for (auto& each : answer.entries)
      if (each.is.what && each.is.offset >= reading->from)
        found.push_back(std::move(each.is));
    tell(log_news::found{std::move(reading->answer), std::move(found)});
  } else {
    tell(log_news::trimmed{});
  }
  pop();
}

void shared_log::refused() {
  auto was = std::exchange(flight_, flight::none);
  if (was == flight::repair) {
    if (held_)
      send_again();
    if (is_open())
      return;
    closing_ = true;
    requests_.clear();
    return tell(log_news::opened{true});
  }
  refuse_sent();
  sent_ = 0;
  settled_ = 0;
}

void shared_log::give_up_older(log_request::steady then) {
  while (!requests_.empty() && !is_opening(requests_.front())
         && requests_.front().since < then)
    refuse_first();
  shared_keys_.give_up_older(then);
}

void shared_log::give_up_all() {
  while (!requests_.empty())
    if (is_opening(requests_.front()))
      requests_.pop_front();
    else
      refuse_first();
  shared_keys_.give_up_older(log_request::steady::max());
}

void shared_log::refuse_first() {
  if (settled_ < sent_)
    ++settled_;
  auto& what = requests_.front().what;
  if (auto* message = std::get_if<appending>(&what)) {
    appended said{appended::verdict::unavailable, state_.top};
    own_.erase(message->key);
    to_.log_answered(said, message->bytes);
    tell(said);
  } else if (auto* key = std::get_if<setting>(&what)) {
    // Behind the answers that wait.
    shared_keys_.answered({key_answer::verdict::unavailable}, state_.epoch,
                          key->bytes, requests_.front().since);
  } else if (auto* reading = std::get_if<log_request::reading>(&what)) {
    tell(log_news::found{std::move(reading->answer), store_error::unavailable});
  } else if (auto* losing = std::get_if<log_request::forgetting>(&what)) {
    tell(log_news::forgotten{std::move(losing->answer),
                             store_error::unavailable});
  }
  pop();
}

void shared_log::pop() {
  requests_.pop_front();
}

// -- what is told -------------------------------------------------------------

/// False: there was no place for it.
bool shared_log::put_ahead(keyed_entry what) {
  auto offset = what.is.offset;
  if (offset <= state_.top)
    return true;
  bool is_next = offset == state_.top + 1;
  if (!is_next
      && (ahead_.size() >= how_.ahead_max
          || ahead_bytes_ + cost(what) > how_.ahead_bytes_max)) {
    to_.log_dropped(1);
    return false;
  }
  auto bytes = cost(what);
  if (ahead_.try_emplace(offset, std::move(what)).second)
    ahead_bytes_ += bytes;
  return true;
}

void shared_log::drop_ahead() {
  ahead_.clear();
  ahead_bytes_ = 0;
}

/// Tells what follows without a hole, and what below `trimmed_below` never
/// will.
void shared_log::advance(std::uint64_t trimmed_below) {
  room_store::entries next;
  auto tell_next = [&] {
    if (!next.empty())
      tell(log_news::heard{std::exchange(next, {})});
  };
  auto skip_to = [&](std::uint64_t last) {
    tell_next();
    auto first = std::exchange(state_.top, last) + 1;
    tell(log_news::skipped{first, last});
  };
  for (;;) {
    auto first = ahead_.begin();
    if (first == ahead_.end() || first->first > state_.top + 1) {
      if (state_.top + 1 >= trimmed_below)
        break;
      skip_to((first == ahead_.end() ? trimmed_below
                                     : std::min(trimmed_below, first->first))
              - 1);
      continue;
    }
    auto& entry = first->second;
    if (first->first == state_.top + 1) {
      if (own_.contains(entry.key))
        tell_next(); // Before its answer.
      if (!settle_own(entry))
        break; // What was asked for before it is answered before it.
      if (entry.is.what) {
        next.push_back(std::move(entry.is));
        ++state_.top;
      } else {
        to_.log_rejected(*this, "a message that cannot be read");
        skip_to(first->first);
      }
    }
    ahead_bytes_ -= cost(entry);
    ahead_.erase(first);
  }
  tell_next();
}

/// An own message that is heard is in the log: as good as its answer. False: an
/// earlier request is not yet answered.
bool shared_log::settle_own(const keyed_entry& what) {
  if (!own_.contains(what.key))
    return true;
  auto* first = requests_.empty()
                    ? nullptr
                    : std::get_if<appending>(&requests_.front().what);
  if (first == nullptr || first->key != what.key)
    return false;
  if (settled_ < sent_)
    ++settled_;
  own_.erase(what.key);
  appended said{appended::verdict::accepted, what.is.offset};
  to_.log_answered(said, first->bytes);
  tell(said);
  pop();
  return true;
}

/// Up to where there is no hole.
std::uint64_t shared_log::reach() const {
  auto to = state_.top;
  for (const auto& [offset, entry] : ahead_) {
    if (offset > to + 1)
      break;
    to = std::max(to, offset);
  }
  return to;
}

void shared_log::state_tells(std::vector<stored_key> what, bool whole) {
  tell(log_news::keys_heard{std::move(what), whole});
}

void shared_log::state_answers(const key_answer& what, std::uint64_t bytes) {
  to_.log_answered(what, bytes);
  tell(what);
}

log_state shared_log::shown_state() const {
  auto shown = state_;
  shown.first = std::min(kept_from_, state_.top + 1);
  return shown;
}

void shared_log::tell(decltype(log_news::what) what) {
  to_.log_tells({line_, shown_state(), std::move(what)});
}

void shared_log::tell_linked(bool up) {
  if (linked_ == up)
    return;
  // A room takes it that it is linked until it is told.
  bool news = linked_.has_value() || !up;
  linked_ = up;
  if (news)
    tell(log_news::linked{up});
}

} // namespace greenroom::cluster
