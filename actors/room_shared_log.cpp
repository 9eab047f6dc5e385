// A room whose log other nodes write to as well: what its members see is what
// the log tells, in its order [P-9.7].
#include <algorithm>
#include <utility>

#include "actors/room.hpp"

namespace greenroom::actors {

namespace {

/// Where a client knows more than was heard here, it was said a moment ago:
/// the log is looked at every second.
constexpr milliseconds ahead_timeout{2'500};

/// When a client whose position is not known here yet may try again.
constexpr std::int64_t retry_after = 1'000;

} // namespace

// -- what the log tells -------------------------------------------------------

void room::log_heard(room_store::entries what) {
  log_tells(told_, [this, what = std::move(what)] {
    for (const auto& each : what)
      hear(each);
  });
}

void room::hear(const log_entry& what) {
  // Said over another connection of its session, whose ack may be lost, it is
  // news to its own member as well.
  const auto& said = std::get<posted>(*what.what);
  const newcomer* by = nullptr;
  if (auto sent = said_here_.find(what.offset); sent != said_here_.end()) {
    by = members_.find(sent->second.who);
    if (sent->second.watch)
      out_.measure(sent->second.watch);
    said_here_.erase(said_here_.begin(), std::next(sent));
  } else if (said.trace) {
    out_.measure(heard(said));
  }
  show(said, what.offset, by);
}

void room::log_skipped(std::uint64_t first, std::uint64_t last) {
  log_tells(told_, [this, first, last] {
    broadcast(protocol::gap{key_.id, shown_epoch_, first, last, "trimmed"}, 0,
              nullptr);
    shown_top_ = last;
    said_here_.erase(said_here_.begin(), said_here_.upper_bound(last));
  });
}

/// Members are told where the new epoch goes on, and what it has of what they
/// have [P-4.19].
void room::log_turned(const log_turn& how) {
  log_tells(told_, [this, how] {
    auto before = std::exchange(shown_epoch_, how.epoch);
    auto had = std::exchange(shown_top_, how.from);
    protocol::joined turned;
    turned.room_id = key_.id;
    turned.order = order();
    turned.at = {how.epoch, how.from};
    turned.recovered = how.known && how.from == had;
    turned.reason = "epoch";
    turned.member_count = people_.size();
    if (how.known)
      turned.previous = protocol::log_position{before, how.from};
    said_here_.clear();
    keys_turn_ = true;
    out_.turn(how.epoch, turned);
  });
}

void room::log_linked(bool up) {
  log_tells(told_, [this, up] {
    if (std::exchange(log_linked_, up) == up)
      return;
    if (up)
      broadcast(protocol::healed{key_.id}, 0, nullptr);
    else
      broadcast(protocol::degraded{key_.id}, 0, nullptr);
  });
}

// -- who knows more than was heard here ---------------------------------------

/// A client that comes from another node may know of a message, or of an epoch,
/// that has not come here yet: the log is looked at before it is answered.
bool room::is_ahead(const protocol::log_position& at) const {
  const auto& log = log_->state();
  return is_shared_ && (at.epoch != log.epoch || at.offset > log.top)
         && log.goes_on_behind(at) != at.offset;
}

void room::look_ahead(const join& msg) {
  auto number = begin_reading(msg);
  if (number == 0)
    return;
  auto next = log_->state().top + 1;
  read_log_from(next, 1, [this, msg, number](auto found) {
    if (!end_reading(msg, number))
      return; // It has left meanwhile.
    if (!found)
      return refuse_join(msg, protocol::error_code::unavailable,
                         "the log cannot be read now", retry_after);
    if (!is_ahead(*msg.since) || found->empty())
      return begin_join(msg, false);
    queue(msg);
    ahead_.push_back({msg, home_.now() + ahead_timeout});
    set_timer();
  });
}

void room::join_who_was_ahead() {
  for (auto& each : std::exchange(ahead_, {})) {
    if (!is_ahead(*each.asked.since))
      begin_join(each.asked, false);
    else if (each.until > home_.now())
      ahead_.push_back(std::move(each));
    else
      refuse_join(each.asked, protocol::error_code::unavailable,
                  "what was said is not known here yet", retry_after);
  }
}

} // namespace greenroom::actors
