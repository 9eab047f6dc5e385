#pragma once

// The only file that knows which CAF this is. It gives CAF 0.17.6 the shape of
// CAF 1.x: an actor is a class with `(self, what it needs…)` and
// `make_behavior()`; a message is a struct.

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/execution_unit.hpp>
#include <caf/make_actor.hpp>
#include <caf/make_message.hpp>
#include <caf/replies_to.hpp>
#include <caf/resumable.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_behavior.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace greenroom::actors {

/// One line of an actor's interface.
/// CAF 1.x: `caf::result<void>(M)`, `caf::result<R>(M)`.
template <class... In>
struct on {
  using tell = caf::reacts_to<In...>;

  template <class... Out>
  using ask = typename caf::replies_to<In...>::template with<Out...>;
};

} // namespace greenroom::actors
