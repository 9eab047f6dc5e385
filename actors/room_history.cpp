// What was said in a room before: for who comes back, and for who asks.
#include <algorithm>
#include <utility>

#include "actors/lane_kind.hpp"
#include "actors/replay.hpp"
#include "actors/room.hpp"
#include "actors/shell.hpp"
#include "core/protocol/codec.hpp"

namespace greenroom::actors {

namespace {

/// Who missed more than this asks for it with `history`, page by page.
constexpr std::uint64_t missed_max = protocol::history_messages_max;

/// So many newcomers' pasts, and so many pages of history, of one room are read
/// at a time: each holds what was found until it is answered.
constexpr std::size_t newcomers_reading_max = 1'024;
constexpr std::uint32_t questions_max = 256;

/// When a client whose room cannot be read may try again.
constexpr std::int64_t retry_after = 1'000;

} // namespace

/// A newcomer's past while it is read, in as many pages as it takes. No more of
/// it is held than it may be given.
struct room::reading_back {
  join asked;
  std::uint64_t number = 0;
  std::uint64_t next = 1;
  std::uint64_t first = 0; ///< Offset of the first that was read; 0: none yet.
  bool has_hole = false;   ///< One that cannot be read was left out.
  /// It is given nothing of it: more than it may have, or said faster than it
  /// is read.
  bool too_many = false;
  std::string frames = {};         ///< Of one that said what it had;
  room_store::entries newest = {}; ///< of one that asked for the newest.
};

// -- catching up --------------------------------------------------------------

/// Joining with history, and coming back, are one: messages from an offset on
/// go before what the newcomer's cursor brings.
void room::begin_join(const join& msg, bool may_look) {
  hear_log_out();
  const auto& log = log_->state();
  if (!msg.since) {
    auto count = std::min<std::uint64_t>(msg.history, missed_max);
    if (count == 0 || log.top == 0)
      return finish_join(msg, {});
    auto before = log.top - std::min(count, log.top);
    return read_on({msg, 0, before + 1});
  }
  if (may_look && is_ahead(*msg.since))
    return look_ahead(msg);
  auto behind = log.goes_on_behind(*msg.since);
  if (!behind || *behind != msg.since->offset)
    return finish_join(msg, {false, "epoch", {}});
  if (*behind == log.top)
    return finish_join(msg, {true, {}, {}});
  if (*behind + 1 < log.first)
    return finish_join(msg, {false, "trimmed", {}});
  if (log.top - *behind > missed_max)
    return finish_join(msg, {false, "too_many", {}});
  read_on({msg, 0, *behind + 1});
}

void room::read_on(reading_back past) {
  if (past.number == 0)
    past.number = begin_reading(past.asked);
  if (past.number == 0)
    return;
  auto from = past.next;
  read_log_from(from, read_entries_max,
                [this, past = std::move(past)](auto found) mutable {
                  on_read(std::move(past), std::move(found));
                });
}

/// Gives the number of the reading; 0: it was refused.
std::uint64_t room::begin_reading(const join& msg) {
  if (reading_.size() >= newcomers_reading_max
      && !reading_.contains(msg.who.id)) {
    refuse_join(msg, protocol::error_code::unavailable,
                "too many come at a time", retry_after);
    return 0;
  }
  queue(msg);
  return reading_[msg.who.id] = ++readings_;
}

/// False: who asked has left meanwhile, or has asked anew.
bool room::end_reading(const join& msg, std::uint64_t number) {
  auto found = reading_.find(msg.who.id);
  if (found == reading_.end() || found->second != number)
    return false;
  reading_.erase(found);
  return true;
}

void room::on_read(reading_back past, store_result<room_store::entries> found) {
  hear_log_out();
  const auto& asked = past.asked;
  if (!end_reading(asked, past.number))
    return;
  if (!found)
    return refuse_join(asked, protocol::error_code::unavailable,
                       "the log cannot be read now", retry_after);
  auto top = log_->state().top;
  bool is_end = found->empty();
  // Of a shared log more can be read than was heard here: that comes by itself.
  while (!found->empty() && found->back().offset > top)
    found->pop_back(), is_end = true;
  if (!found->empty()) {
    auto first = found->front().offset;
    past.has_hole |= (past.first != 0 && first != past.next)
                     || found->back().offset - first + 1 != found->size();
    if (past.first == 0)
      past.first = first;
    past.next = found->back().offset + 1;
    gather(past, std::move(*found));
  }
  bool is_whole =
      !asked.since || past.first == 0 || past.first == asked.since->offset + 1;
  if (!is_end && past.next <= top && is_whole && !past.too_many) {
    reading_[asked.who.id] = past.number;
    return read_on(std::move(past)); // Said while it was read.
  }
  finish_join(asked, past_of(past));
}

/// Before the next page comes, so that a room of long messages is not held
/// whole for each of its newcomers.
void room::gather(reading_back& past, room_store::entries found) const {
  const auto& asked = past.asked;
  if (!asked.since) {
    std::ranges::move(found, std::back_inserter(past.newest));
    auto count = newest_within(past.newest, replay_bytes_max(),
                               encoding_of(asked.who.lane.kind));
    past.newest.erase(past.newest.begin(),
                      past.newest.end() - static_cast<std::ptrdiff_t>(count));
    past.too_many = past.next - past.first > 2 * missed_max;
    return;
  }
  if (past.first != asked.since->offset + 1)
    return;
  // Not encoded only to find that it is too much, but one in any case.
  past.too_many = found.size() > 1 && is_longer(found, replay_bytes_max());
  if (past.too_many)
    return;
  auto before = past.frames.size();
  replay more{asked.who, key_.id, replay_bytes_max(), std::move(past.frames)};
  for (const auto& each : found)
    if (past.too_many = !more.add(each); past.too_many)
      return;
  past.frames = more.take();
  // All rooms of a `resume` share what it may bring.
  past.too_many =
      past.next - 1 - asked.since->offset > missed_max
      || (asked.resumes
          && !asked.resumes->take_missed(past.frames.size() - before));
}

room::catch_up room::past_of(reading_back& past) const {
  const auto& asked = past.asked;
  if (!asked.since) {
    if (past.too_many)
      return {};
    replay frames{asked.who, key_.id, SIZE_MAX};
    for (const auto& each : past.newest)
      (void)frames.add(each);
    return {std::nullopt, {}, frames.take()};
  }
  if (past.first != asked.since->offset + 1 || past.has_hole)
    return {false, "trimmed", {}};
  if (past.too_many)
    return {false, "too_many", {}};
  if (past.next != log_->state().top + 1)
    return {false, "trimmed", {}};
  return {true, {}, std::move(past.frames)};
}

/// What one member may be given in one go, beside all else that waits for it.
std::size_t room::replay_bytes_max() const {
  constexpr std::size_t share = 4;
  return context_->config.limits.unsent_bytes / share;
}

// -- asking -------------------------------------------------------------------

void room::on_read_log(const read_log& msg) {
  const auto* who = members_.find(msg.who);
  if (who == nullptr)
    return; // It left, or its connection is gone.
  if (questions_ >= questions_max)
    return refuse_question(*who, msg, "too many ask at a time");
  ++questions_;
  const auto& log = log_->state();
  std::uint64_t limit =
      std::min(msg.what.limit, protocol::history_messages_max);
  auto from = msg.what.from.value_or(log.top - std::min(log.top, limit) + 1);
  read_log_from(from, limit, [this, msg, epoch = log.epoch](auto found) {
    --questions_;
    // The newest ones are others in another epoch.
    if (found && !msg.what.from && epoch != log_->state().epoch)
      return on_read_log(msg);
    show_history(msg, std::move(found));
  });
}

void room::show_history(const read_log& asked,
                        store_result<room_store::entries> found) {
  hear_log_out();
  const auto* who = members_.find(asked.who);
  if (who == nullptr)
    return; // It left meanwhile.
  if (!found)
    return refuse_question(*who, asked, "the log cannot be read now");
  const auto& log = log_->state();
  std::erase_if(*found, [&](const log_entry& each) {
    return each.offset > log.top; // Not yet heard here.
  });
  // Asked for from an offset on, the first ones are wanted, else the last.
  auto as = encoding_of(who->lane.kind);
  auto count = asked.what.from ? oldest_within(*found, replay_bytes_max(), as)
                               : newest_within(*found, replay_bytes_max(), as);
  auto skipped = asked.what.from ? 0 : found->size() - count;
  std::vector<protocol::room_message> messages;
  messages.reserve(count);
  for (auto i = skipped; i < skipped + count; ++i)
    messages.push_back(seen_by(who->about.connection_id, key_.id, (*found)[i]));
  hand_to(*who,
          protocol::history{key_.id, asked.id, {log.epoch, log.top}, messages});
  self_->send(who->connection, request_done{{}, allowance::question});
}

void room::refuse_question(const newcomer& who, const read_log& msg,
                           std::string_view why) {
  protocol::error refusal{protocol::error_code::unavailable, std::string{why},
                          msg.id, key_.id, retry_after};
  self_->send(who.connection, request_refused{std::move(refusal), key_, 0,
                                              allowance::question});
}

// -- the log ------------------------------------------------------------------

void room::read_log_from(std::uint64_t from, std::size_t limit,
                         room_store::then<room_store::entries> answer) {
  // Answered at once, it is this very message of the actor; later, another one.
  auto reads = std::make_shared<bool>(true);
  log_->read(from, limit, home_.wall_now(),
             [this, reads, answer = std::move(answer)](auto found) {
               if (*reads)
                 return answer(std::move(found));
               log_tells(read_, [answer, found = std::move(found)]() mutable {
                 answer(std::move(found));
               });
             });
  *reads = false;
}

void room::log_opened(store_result<void> how) {
  log_tells(told_, [this, how] {
    if (how)
      return admit_waiting();
    for (const auto& msg : std::exchange(waiting_, {}))
      refuse_join(msg, protocol::error_code::unavailable,
                  "the room's log cannot be opened now", retry_after);
    self_->quit(); // Who comes next finds another room, and maybe its log.
  });
}

void room::log_appended(appended what) {
  log_tells(told_, [this, what] {
    auto msg = std::move(unanswered_.front());
    unanswered_.pop_front();
    accepted(msg.what, msg.by, members_.find(msg.what.who), what);
  });
}

/// The log answers outside of the actor's messages: what it throws, and what
/// it sends, is to be the actor's.
void room::log_tells(ring<std::function<void()>>& into,
                     std::function<void()> what) {
  if (told_.empty() && read_.empty())
    self_->send(self_, log_told{});
  into.push_back(std::move(what));
}

/// What was read is for who asked for it, and they may be many: one after the
/// other, none from inside of another.
void room::on_log_told() {
  hear_log_out();
  join_who_was_ahead();
  while (!read_.empty()) {
    auto next = std::move(read_.front());
    read_.pop_front();
    contain(*self_, "what was read", next);
  }
}

/// Where the log stands and what members were shown is the same after this.
void room::hear_log_out() {
  while (!told_.empty()) {
    auto next = std::move(told_.front());
    told_.pop_front();
    contain(*self_, "what the log tells", next);
  }
}

} // namespace greenroom::actors
