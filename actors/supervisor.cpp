#include "actors/supervisor.hpp"

#include <algorithm>
#include <utility>

#include "core/events.hpp"
#include "core/loop_counters.hpp"

namespace greenroom::actors {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

} // namespace

supervisor::record::record(const supervision& rules, std::uint64_t seed)
  : recent(rules.intensity),
    pauses(rules.pause_least, rules.pause_most, seed) {}

supervisor::supervisor(std::string name, std::uint64_t id, std::uint64_t parent,
                       place at, supervision rules,
                       std::function<void(const std::string& why)> escalate,
                       std::string_view kind)
  : kind_(kind),
    name_(std::move(name)),
    id_(id),
    parent_(parent),
    at_(std::move(at)),
    rules_(rules),
    escalate_(std::move(escalate)) {
  if (!rules_.counts_each)
    own_ = std::make_unique<record>(rules_, id_);
}

supervisor::~supervisor() = default;

void supervisor::tell_birth() {
  born_ = at_.now();
  log::speaking as{*this};
  log::emit(events::actor_spawned, {});
}

void supervisor::tell_end() {
  auto lived = std::chrono::duration_cast<milliseconds>(at_.now() - born_);
  log::speaking as{*this};
  log::emit(events::actor_exited,
            {{"reason", "normal"},
             {"lived_ms", static_cast<std::uint64_t>(lived.count())}});
}

void supervisor::add(supervised& who, restart_when when,
                     milliseconds shutdown) {
  children_.push_back({&who, when, shutdown});
}

supervisor::record& supervisor::record_of(const supervised& who) {
  auto& found = records_[&who];
  if (!found)
    found = std::make_unique<record>(rules_, who.id());
  return *found;
}

restart_when supervisor::when_of(const supervised& who) const {
  auto found = std::ranges::find(children_, &who, &child::who);
  return found == children_.end() ? crowd_.value_or(restart_when::never)
                                  : found->when;
}

std::uint32_t supervisor::restarts_of(const supervised& who) const {
  auto found = records_.find(&who);
  return found == records_.end() ? 0 : found->second->restarts;
}

/// In the order of their start.
std::vector<supervised*> supervisor::concerned_by(supervised& who) const {
  auto from = std::ranges::find(children_, &who, &child::who);
  if (rules_.whom == restart_whom::one || from == children_.end())
    return {&who};
  if (rules_.whom == restart_whom::all)
    from = children_.begin();
  std::vector<supervised*> all;
  for (; from != children_.end(); ++from)
    all.push_back(from->who);
  return all;
}

// -- crashes ------------------------------------------------------------------

void supervisor::crashed(supervised& who, const std::string& why) {
  if (stopping_ || when_of(who) == restart_when::never) {
    who.end(true);
    return;
  }
  auto now = at_.now();
  auto& its = record_of(who);
  auto& counting = rules_.counts_each ? its : *own_;
  if (!counting.recent.note(now))
    return give_up(who, why);
  auto concerned = concerned_by(who);
  for (auto each = concerned.rbegin(); each != concerned.rend(); ++each)
    (*each)->hold();
  if (counting.recent.recent(now) == 1) {
    counting.pauses.reset();
    return restart(who, why, now);
  }
  // Of which nothing but itself may be gone by then: `ended` sees to that.
  at_.timers.at(now + counting.pauses.next(), its.later,
                [this, &who, why, now] { restart(who, why, now); });
}

void supervisor::restart(supervised& who, const std::string& why,
                         steady_time crashed_at) {
  for (auto* each : concerned_by(who)) {
    // Not by the turn's clock: what it takes is what its users wait.
    auto begun = std::chrono::steady_clock::now();
    if (!each->begin_anew())
      return crashed(*each, "its state could not be rebuilt, after: " + why);
    if (each == &who) {
      ++record_of(who).restarts;
      ++restarts_;
    }
    auto took = std::chrono::duration_cast<microseconds>(
        at_.now() - crashed_at + (std::chrono::steady_clock::now() - begun));
    tell_restart(*each, why, took);
    // It may crash at once, and be gone: told is what was before that.
    each->go_on();
  }
}

void supervisor::tell_restart(const supervised& who, const std::string& why,
                              microseconds pause) const {
  counted().of_kind(who.kind()).restarts.add();
  log::speaking as{who};
  log::emit(events::actor_restarted,
            {{"restarts", restarts_of(who)},
             {"cause", why},
             {"pause_us", static_cast<std::uint64_t>(pause.count())}});
}

/// Where each is counted by itself, one that goes on crashing ends, and the
/// others are none the worse.
void supervisor::give_up(supervised& who, const std::string& why) {
  counted().of_kind(who.kind()).escalations.add();
  {
    log::speaking as{who};
    log::emit(events::actor_escalated,
              {{"restarts", restarts_of(who)}, {"cause", why}});
  }
  if (rules_.counts_each)
    return who.end(true);
  hold();
  escalate_(name_ + ": " + std::string{who.kind()} + ": " + why);
}

void supervisor::ended(supervised& who, bool by_crash) {
  if (who.is_linked()) {
    who.unlink();
    --crowd_size_;
  }
  auto its = records_.extract(&who);
  bool is_waited_for = its && its.mapped()->later.pending();
  auto others = is_waited_for ? concerned_by(who) : std::vector<supervised*>{};
  auto at = std::ranges::find(children_, &who, &child::who);
  bool is_missed = at != children_.end() && !stopping_
                   && (at->when == restart_when::always || by_crash);
  if (at != children_.end())
    children_.erase(at);
  if (stopping_) {
    if (&who == waits_for_)
      stop_next();
    return;
  }
  for (auto* each : others)
    if (each != &who && !each->rebuild())
      crashed(*each, "its state could not be rebuilt");
  // There is nobody left to be rebuilt: whoever is above has to decide.
  if (is_missed) {
    hold();
    escalate_(name_ + ": " + std::string{who.kind()} + " is gone");
  }
}

// -- the end ------------------------------------------------------------------

void supervisor::stop(std::function<void()> then) {
  stopping_ = true;
  stopped_ = std::move(then);
  stop_next();
}

void supervisor::stop_next() {
  deadline_.cancel();
  waits_for_ = nullptr;
  if (children_.empty()) {
    if (auto then = std::exchange(stopped_, nullptr))
      then();
    return;
  }
  auto last = children_.back();
  waits_for_ = last.who;
  at_.timers.at(at_.now() + last.shutdown, deadline_, [this] {
    // It had its time. What does not end even so is left behind.
    auto* late = children_.back().who;
    late->end(true);
    if (!children_.empty() && children_.back().who == late) {
      children_.pop_back();
      stop_next();
    }
  });
  last.who->end(false);
}

// -- as a child of another one ------------------------------------------------

void supervisor::hold() {
  is_held_ = true;
  forget_pauses();
  for (auto each = children_.rbegin(); each != children_.rend(); ++each)
    each->who->hold();
}

bool supervisor::begin_anew() {
  forget_pauses();
  if (own_) // What it counted led to this.
    own_ = std::make_unique<record>(rules_, id_);
  bool all = true;
  for (const auto& each : std::vector{children_})
    all = each.who->begin_anew() && all;
  return all;
}

void supervisor::go_on() {
  is_held_ = false;
  for (const auto& each : std::vector{children_})
    each.who->go_on();
}

/// Nobody is rebuilt by what was planned before.
void supervisor::forget_pauses() {
  for (auto& [who, its] : records_)
    its->later.cancel();
}

void supervisor::end(bool at_once) {
  if (!at_once)
    return stop(nullptr);
  stopping_ = true;
  for (auto left = children_; !left.empty(); left.pop_back())
    left.back().who->end(true);
}

} // namespace greenroom::actors
