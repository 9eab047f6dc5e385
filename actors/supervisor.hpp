#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/backoff.hpp"
#include "core/log.hpp"
#include "core/restart_intensity.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::actors {

class supervisor;

/// What a supervisor starts anew when it crashes: an actor (see `shell`), or
/// another supervisor with all that is under it.
///
/// An actor's address and mailbox outlive its crashes: what is rebuilt is its
/// state. So nobody has to look for it, and nothing that was sent to it is lost
/// (docs/decisions/0030-supervision.md).
class supervised : public log::voice {
public:
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

  /// Begins anew with what it can trust. False: it could not, and crashed
  /// again; its supervisor has not been told.
  [[nodiscard]] virtual bool rebuild() = 0;

  /// Is to end, in order, or, where it does not, at once. Tells its supervisor
  /// (`ended`) when it has.
  virtual void end(bool at_once) = 0;

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
             std::function<void(const std::string& why)> escalate);
  ~supervisor();

  /// A child, behind those that are there. It lives until it has ended.
  void add(supervised& who, restart_when when,
           std::chrono::milliseconds shutdown);

  /// For children that are many and come and go: nothing is kept of them until
  /// they crash. `restart_when` holds for all of them.
  void take_in_crowd(restart_when when) { crowd_ = when; }

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
  [[nodiscard]] std::string_view kind() const override { return "supervisor"; }
  [[nodiscard]] std::string_view label() const override { return name_; }
  [[nodiscard]] std::uint64_t parent() const override { return parent_; }
  void hold() override;
  [[nodiscard]] bool rebuild() override;
  void end(bool at_once) override;

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
  void give_up(supervised& who, const std::string& why);
  void forget_pauses();
  void stop_next();

  std::string name_;
  std::uint64_t id_;
  std::uint64_t parent_;
  place at_;
  supervision rules_;
  std::function<void(const std::string& why)> escalate_;
  std::vector<child> children_; ///< In the order of their start.
  restart_when crowd_ = restart_when::never;
  std::unordered_map<const supervised*, std::unique_ptr<record>> records_;
  std::unique_ptr<record> own_; ///< Where children are counted together.
  std::uint64_t restarts_ = 0;
  bool stopping_ = false;
  std::function<void()> stopped_;
  const supervised* waits_for_ = nullptr; ///< To end.
  timer_queue::timer deadline_;
};

} // namespace greenroom::actors
