#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "core/backoff.hpp"
#include "core/log.hpp"
#include "core/mailbox_gauge.hpp"
#include "core/restart_intensity.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::actors {

class supervisor;
struct tree_entry;

/// What a supervisor starts anew when it crashes: an actor (see `shell`), or
/// another supervisor with all that is under it.
///
/// An actor's address and mailbox outlive its crashes: what is rebuilt is its
/// state. So nobody has to look for it, and nothing that was sent to it is lost
/// (docs/decisions/0030-supervision.md).
class supervised
  : public log::voice,
    public boost::intrusive::list_base_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  /// Those of a supervisor that are many. Who is gone is in none.
  using list =
      boost::intrusive::list<supervised,
                             boost::intrusive::constant_time_size<false>>;

  supervised() = default;
  supervised(const supervised&) = delete;
  supervised& operator=(const supervised&) = delete;

  /// Names it in the log: its kind, and which of them.
  [[nodiscard]] virtual std::uint64_t id() const = 0;
  [[nodiscard]] virtual std::string_view kind() const = 0;
  [[nodiscard]] virtual std::string_view label() const = 0;

  /// Who looks after it; 0: nobody.
  [[nodiscard]] virtual std::uint64_t parent() const = 0;

  [[nodiscard]] virtual bool is_one_of_many() const { return false; }

  [[nodiscard]] log::speaker who() const final {
    return {id(), kind(), label(), parent(), is_one_of_many()};
  }

  /// Handles nothing until it is rebuilt; what is sent to it waits.
  virtual void hold() = 0;
  [[nodiscard]] virtual bool is_held() const = 0;

  /// Begins anew with what it can trust, and is held yet. False: it could not,
  /// and crashed again; its supervisor has not been told.
  [[nodiscard]] virtual bool begin_anew() = 0;

  /// Handles what waits. May crash at once.
  virtual void go_on() = 0;

  /// Both.
  [[nodiscard]] bool rebuild() {
    if (!begin_anew())
      return false;
    go_on();
    return true;
  }

  /// Is to end, in order, or, where it does not, at once. Tells its supervisor
  /// (`ended`) when it has.
  virtual void end(bool at_once) = 0;

  /// Looks after those under it; null: nobody is.
  [[nodiscard]] virtual const supervisor* crew() const { return nullptr; }

  /// Of its mailbox; null: nobody asks.
  [[nodiscard]] virtual const mailbox_gauge* gauge() const { return nullptr; }

  /// Says what else there is to be seen of it. On its thread, between messages;
  /// not of one that is held.
  virtual void describe(tree_entry& to) const { static_cast<void>(to); }

protected:
  ~supervised() = default;
};

/// Which children a crash of one concerns, after OTP.
enum class restart_whom : std::uint8_t {
  one,  ///< It alone (one_for_one).
  rest, ///< And those that were started after it (rest_for_one).
  all,  ///< All of them (one_for_all).
};

/// When a child is started anew, after OTP.
enum class restart_when : std::uint8_t {
  always,  ///< However it ended, but in order of its supervisor (permanent).
  crashed, ///< Not where it ended by itself (transient).
  never,   ///< (temporary)
};

/// How a supervisor deals with its children.
struct supervision {
  restart_whom whom = restart_whom::one;
  restart_intensity::bounds intensity{5, std::chrono::seconds{10}};
  /// Children of which there are many, and that have nothing to do with each
  /// other, are counted each by itself; one too many ends that child. Else they
  /// are counted together, and one too many is the supervisor's own crash.
  bool counts_each = false;
  /// The first crash in a while is mended at once. Then there are pauses,
  /// longer each time, with jitter.
  std::chrono::milliseconds pause_least{10};
  std::chrono::milliseconds pause_most{1'000};
};

/// Starts children in order, starts anew those that crash, and ends them in
/// reverse order. Gives up by its rules, and then lets its own supervisor
/// decide. Logs each step. One thread: that of its children.
class supervisor final : public supervised {
public:
  /// What it takes from where it lives.
  struct place {
    timer_queue& timers;
    std::function<steady_time()> now;
  };

  /// `escalate` is told why when it gives up; until somebody calls `rebuild` or
  /// `end`, its children are held.
  supervisor(std::string name, std::uint64_t id, std::uint64_t parent, place at,
             supervision rules,
             std::function<void(const std::string& why)> escalate,
             std::string_view kind = "supervisor");
  ~supervisor();

  /// It is there, and is gone: for the log. Not of one that is a part of an
  /// actor, and has its id.
  void tell_birth();
  void tell_end();

  /// A child, behind those that are there. It lives until it has ended.
  void add(supervised& who, restart_when when,
           std::chrono::milliseconds shutdown);

  /// For children that are many and come and go: those that say so themselves
  /// (`born`). Nothing more is kept of them until they crash. `restart_when`
  /// holds for all of them.
  void take_in_crowd(restart_when when) { crowd_ = when; }

  /// The child lives.
  void born(supervised& who) {
    if (!crowd_)
      return;
    in_crowd_.push_back(who);
    ++crowd_size_;
  }

  /// Gives `visit` each child, but of many no more than `most`: those that are
  /// held, then the oldest. Gives how many are left out.
  template <class Visit>
  std::size_t each_child(std::size_t most, Visit visit) const {
    for (const auto& each : children_)
      visit(*each.who);
    std::size_t visited = 0;
    auto show = [&](const supervised& who) {
      visit(who);
      ++visited;
    };
    for (const auto& [who, of] : records_)
      if (visited < most && who->is_linked() && who->is_held())
        show(*who);
    for (auto at = in_crowd_.begin(); visited < most && at != in_crowd_.end();
         ++at)
      if (!at->is_held())
        show(*at);
    return crowd_size_ - visited;
  }

  /// The child's state threw. It is rebuilt at once, or later, or never: until
  /// then it is held.
  void crashed(supervised& who, const std::string& why);

  /// The child is gone: by itself, because it was told to, or for good.
  void ended(supervised& who, bool by_crash);

  /// How often the child was started anew.
  [[nodiscard]] std::uint32_t restarts_of(const supervised& who) const;
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }

  /// Ends all children in reverse order, each within its `shutdown` time, and
  /// runs `then`.
  void stop(std::function<void()> then);

  // -- as a child of another one
  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] std::string_view kind() const override { return kind_; }
  [[nodiscard]] std::string_view label() const override { return name_; }
  [[nodiscard]] std::uint64_t parent() const override { return parent_; }
  void hold() override;
  [[nodiscard]] bool is_held() const override { return is_held_; }
  [[nodiscard]] bool begin_anew() override;
  void go_on() override;
  void end(bool at_once) override;
  [[nodiscard]] const supervisor* crew() const override { return this; }

private:
  struct child {
    supervised* who = nullptr;
    restart_when when = restart_when::always;
    std::chrono::milliseconds shutdown{0};
  };

  /// Of a child that has crashed.
  struct record {
    record(const supervision& rules, std::uint64_t seed);

    restart_intensity recent;
    backoff pauses;
    std::uint32_t restarts = 0;
    timer_queue::timer later;
  };

  record& record_of(const supervised& who);
  [[nodiscard]] restart_when when_of(const supervised& who) const;
  [[nodiscard]] std::vector<supervised*> concerned_by(supervised& who) const;
  void restart(supervised& who, const std::string& why, steady_time crashed_at);
  void tell_restart(const supervised& who, const std::string& why,
                    std::chrono::microseconds pause) const;
  void give_up(supervised& who, const std::string& why);
  void forget_pauses();
  void stop_next();

  std::string_view kind_;
  std::string name_;
  std::uint64_t id_;
  std::uint64_t parent_;
  place at_;
  supervision rules_;
  std::function<void(const std::string& why)> escalate_;
  std::vector<child> children_;       ///< In the order of their start.
  std::optional<restart_when> crowd_; ///< None: it has none.
  list in_crowd_;
  std::size_t crowd_size_ = 0;
  std::unordered_map<const supervised*, std::unique_ptr<record>> records_;
  std::unique_ptr<record> own_; ///< Where children are counted together.
  std::uint64_t restarts_ = 0;
  steady_time born_;
  bool is_held_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  const supervised* waits_for_ = nullptr; ///< To end.
  timer_queue::timer deadline_;
};

} // namespace greenroom::actors
