#pragma once

#include <utility>

#include <caf/send.hpp>

#include "actors/caf_bridge.hpp"
#include "actors/loop.hpp"
#include "core/mailbox_gauge.hpp"

namespace greenroom::actors {

/// An actor that can handle one kind of message without its mailbox, when who
/// says it runs on the same loop: a mailed message costs some 1,500
/// instructions more. `pinned` makes an actor one for what its state lists.
template <class Message>
class takes_at_once {
public:
  /// Handles `what` now if the actor does nothing else and has no mail: then
  /// nothing is overtaken, and an actor still does one thing at a time. False:
  /// `what` is as it was, and has to be mailed. The actor's loop's thread only.
  virtual bool take_at_once(Message& what) = 0;

  [[nodiscard]] virtual const loop& home() const = 0;

protected:
  ~takes_at_once() = default;
};

/// An actor as another one addresses it that often has `Message` for it: said
/// at once where both are on one loop, mailed otherwise. Keeps the actor.
template <class Handle, class Message>
class neighbour {
public:
  neighbour() = default;

  /// Without `near`, everything is mailed. `pinned.hpp` has `neighbour_of`.
  neighbour(Handle who, takes_at_once<Message>* near = nullptr,
            const mailbox_gauge* box = nullptr)
    : who_(std::move(who)), near_(near), box_(box) {}

  /// The same for somebody on `mine`.
  [[nodiscard]] neighbour seen_from(const loop& mine) const {
    return {who_, near_ && &near_->home() == &mine ? near_ : nullptr, box_};
  }

  explicit operator bool() const { return static_cast<bool>(who_); }

  [[nodiscard]] const Handle& handle() const { return who_; }

  /// How many messages wait for it. Any thread.
  [[nodiscard]] std::uint64_t depth() const {
    return box_ != nullptr ? box_->depth() : 0;
  }

  /// Tries the short way alone. Only from the loop that it is seen from.
  bool tell_at_once(Message& what) const {
    return near_ != nullptr && near_->take_at_once(what);
  }

  void tell(Message what) const {
    if (!tell_at_once(what))
      caf::anon_send(who_, std::move(what));
  }

  /// The same for who is on `mine`, of an actor that may be elsewhere.
  void tell_from(const loop& mine, Message what) const {
    if (near_ == nullptr || &near_->home() != &mine
        || !near_->take_at_once(what))
      caf::anon_send(who_, std::move(what));
  }

private:
  Handle who_;
  takes_at_once<Message>* near_ = nullptr; ///< Lives as long as `who_`.
  const mailbox_gauge* box_ = nullptr;     ///< Likewise; null: none is kept.
};

} // namespace greenroom::actors
