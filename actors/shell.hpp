#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>

#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include "actors/loop.hpp"
#include "actors/supervisor.hpp"
#include "core/crash.hpp"
#include "core/mailbox_gauge.hpp"

namespace greenroom::actors {

/// A message's name without where it is declared: `publish`. Null: CAF's own.
[[nodiscard]] std::string name_of(const std::type_info* message);

class shell;

/// That of an actor that has one: all but those of tests.
[[nodiscard]] shell& shell_of(caf::local_actor& self);

/// What of an actor outlives its state: deals with what the state throws, and
/// does as its supervisor decides. Its loop's thread only.
///
///   working --throws--> held --rebuilt--> working
///                        |  \--crashes too often--> ended
///                        `-- what comes meanwhile waits, in its order
///
/// A message that crashed a state is handled once more by the rebuilt one. If
/// it crashes that, too, it is refused.
class shell : public supervised {
public:
  /// Something of the state's work threw and was contained: the state is whole.
  /// Counts as a crash once the present message is done with.
  void contained(const std::exception_ptr& thrown, std::string_view at);

  /// The same for work that is no message's: the state begins anew.
  void threw(const std::exception_ptr& thrown, std::string_view at);

  // -- as a child of its supervisor
  [[nodiscard]] std::uint64_t parent() const override {
    return by_ ? by_->id() : 0;
  }
  void hold() override { is_ |= held; }
  [[nodiscard]] bool is_held() const override { return is(held); }
  [[nodiscard]] bool begin_anew() override;
  void go_on() override;
  void end(bool at_once) override;

protected:
  /// `by` is on the same loop; null: it ends when it crashes.
  shell(loop& home, std::shared_ptr<supervisor> by)
    : home_(home), by_(std::move(by)) {}
  ~shell() = default;

  // -- what there is in the shell

  /// Rebuilds the state. False: it is none that can be.
  [[nodiscard]] virtual bool recover() = 0;

  /// Whether it can refuse messages, and so handle them again.
  [[nodiscard]] virtual bool can_refuse() const = 0;
  virtual void refuse(const caf::message& what, std::string_view why) = 0;

  /// As CAF handles a message; throws what the state throws.
  virtual caf::invoke_message_result handle(caf::mailbox_element& what) = 0;

  /// The state has not ended, nor is about to.
  [[nodiscard]] virtual bool is_alive() const = 0;

  /// Is to end when the present message, if any, is done with.
  virtual void quit_after(const std::string& crash) = 0;
  virtual void quit_by_mail() = 0;

  /// Ends it now if it is to; CAF does so only after a message.
  virtual void end_if_quit() = 0;

  /// Gives it a turn: it has mail.
  virtual void run_soon() = 0;

  // -- for whoever gives it work

  /// One message, by mail.
  caf::invoke_message_result consume_safely(std::uint64_t own_id,
                                            caf::mailbox_element& what);

  /// One message of this type (null: CAF's own), however it came: `work`
  /// handles it, and `copy` gives it for a second time, where it can be
  /// refused.
  template <class Work, class Copy>
  void work_safely(std::uint64_t own_id, const std::type_info* type, Work work,
                   Copy copy);

  /// False: CAF's turn has to be put off until it is rebuilt.
  [[nodiscard]] bool may_run() {
    if (is(held))
      is_ |= has_mail;
    return !is(held);
  }

  [[nodiscard]] bool is_idle() const { return !is(at_work | held); }

  [[nodiscard]] bool is_at_work() const { return is(at_work); }

  /// The actor lives, and is gone.
  void tell_birth();
  void tell_end(std::string_view reason);

  /// More waits for it than is well, or no longer.
  void tell_depth(const mailbox_gauge& box);

  [[nodiscard]] loop& home_loop() const { return home_; }

private:
  /// A message that crashed the state.
  struct suspect {
    caf::message what;
    bool twice = false;
  };

  /// Of one that has crashed, or is held.
  struct trouble {
    std::string last; ///< What was thrown.
    std::optional<suspect> message;
    std::deque<caf::message> held_back;
  };

  void tell_if_slow(tick_clock::ticks began, const std::type_info* type);
  trouble& trouble_of();
  void tell_slow(tick_clock::ticks took, const std::type_info* type);
  void on_crash(std::string_view message,
                const std::function<caf::message()>& copy);
  void tell(const std::exception_ptr& thrown, std::string_view at);
  void decide();
  /// A message is dealt with.
  void done();
  void done_in_trouble();
  void take_up_work();
  void go_on_in_trouble();
  void deal_with_suspect();

  /// What there is to know of it, in one word: each message asks.
  enum : std::uint32_t {
    once_at_work = 1, ///< On a message, and on what comes of it: counted.
    at_work = 0xff,
    held = 0x100,
    has_mail = 0x200,       ///< CAF has run it in vain while it was held.
    contained_some = 0x400, ///< In the present message.
    troubled = 0x800,       ///< There is a `trouble_`.
  };
  [[nodiscard]] bool is(std::uint32_t any) const { return (is_ & any) != 0; }

  loop& home_;
  std::shared_ptr<supervisor> by_;
  steady_time born_{};
  std::unique_ptr<trouble> trouble_;
  std::uint32_t is_ = 0;
  bool crashed_ = false; ///< And ended by that.
  bool is_deep_ = false; ///< Much waits for it, as was told.
};

/// One thing of several in an actor's work: what it throws is no reason not to
/// do the others.
template <class Work>
void contain(caf::local_actor& self, std::string_view what, Work&& work) {
  try {
    work();
  } catch (...) {
    shell_of(self).contained(std::current_exception(), what);
  }
}

template <class Work, class Copy>
void shell::work_safely(std::uint64_t own_id, const std::type_info* type,
                        Work work, Copy copy) {
  log::speaking as{*this};
  auto began = home_.flight().note(own_id, type);
  is_ += once_at_work;
  try {
    work();
  } catch (...) {
    on_crash(name_of(type), copy);
  }
  tell_if_slow(began, type);
  done();
}

inline void shell::done() {
  is_ -= once_at_work;
  if (is(contained_some | troubled | has_mail)) [[unlikely]]
    done_in_trouble();
}

/// Most messages are far below: what it takes to be sure is for the others.
inline void shell::tell_if_slow(tick_clock::ticks began,
                                const std::type_info* type) {
  // No processor counts more slowly than in nanoseconds.
  if (auto took = tick_clock::now() - began;
      took > static_cast<tick_clock::ticks>(home_.patient.handler.count()))
      [[unlikely]]
    tell_slow(took, type);
}

} // namespace greenroom::actors
