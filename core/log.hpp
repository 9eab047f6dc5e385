#pragma once

// The event log: every line is an event with a stable name and typed fields.
// core/events.hpp declares the events; this is how one is told.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace greenroom::log {

/// `v` of every line: grows when something that docs/events.md promises of the
/// lines before is no longer true.
inline constexpr std::uint64_t schema_version = 1;

enum class level : std::uint8_t { debug, info, warn, error };

/// What may become of a line when there are many.
enum class sampling : std::uint8_t {
  usual,   ///< Dropped where the sink's queue is full.
  limited, ///< Besides, so many a second; the others are counted and told.
  always,  ///< Never held back, and written also when the queue is full.
  life, ///< `limited` where one of many tells it (`speaker::is_one_of_many`),
        ///< else `always`.
};

[[nodiscard]] std::string_view to_string(level what);
[[nodiscard]] std::string_view to_string(sampling what);

/// One kind of event, declared once in core/events.hpp.
struct event {
  std::string_view name; ///< `noun.verb_past`, never renamed.
  level importance;
  sampling how_often;
  std::string_view fields;  ///< `name:type`, see core/event_fields.hpp.
  std::string_view meaning; ///< Sentences.
};

using field_value =
    std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view>;

/// A typed field. Any integer, floating point number, bool or string goes in.
struct field {
  std::string_view name;
  field_value what;

  template <class T>
  field(std::string_view n, const T& x) : name(n), what(convert(x)) {}

  template <class T>
  static field_value convert(const T& x) {
    if constexpr (std::is_same_v<T, bool>)
      return x;
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<double>(x);
    else if constexpr (std::is_signed_v<T> && std::is_integral_v<T>)
      return static_cast<std::int64_t>(x);
    else if constexpr (std::is_integral_v<T>)
      return static_cast<std::uint64_t>(x);
    else
      return std::string_view{x};
  }
};

/// The actor that tells what is told while its handler runs. Its texts are
/// views of what the actor owns.
struct speaker {
  std::uint64_t actor = 0;     ///< Its id, unique in the process.
  std::string_view kind;       ///< `room`, `connection`, …
  std::string_view name;       ///< Of a room its id; empty: it has none.
  std::uint64_t parent = 0;    ///< The actor that looks after it; 0: nobody.
  bool is_one_of_many = false; ///< Its `life` events are limited.
};

/// Whoever can say which actor it is: asked only when a line is told.
class voice {
public:
  [[nodiscard]] virtual speaker who() const = 0;

protected:
  ~voice() = default;
};

namespace detail {

inline constinit thread_local const voice* speaking_now = nullptr;

} // namespace detail

/// While it lives, what this thread tells is told by `who`. Scopes nest. Costs
/// two stores: there is one around every message that an actor handles.
class speaking {
public:
  explicit speaking(const voice& who) noexcept : before_(detail::speaking_now) {
    detail::speaking_now = &who;
  }

  ~speaking() { detail::speaking_now = before_; }

  speaking(const speaking&) = delete;
  speaking& operator=(const speaking&) = delete;

private:
  const voice* before_;
};

/// Who tells what this thread tells; nothing where no actor does.
[[nodiscard]] inline std::optional<speaker> who_speaks() noexcept {
  const auto* now = detail::speaking_now;
  return now != nullptr ? std::optional{now->who()} : std::nullopt;
}

/// Where lines go. The node installs one at start (app/log_sink.hpp); without
/// one, events are dropped, so tests and tools need none.
class sink {
public:
  virtual ~sink() = default;

  /// Called from any thread; must not block. `who_speaks()` tells by whom.
  virtual void write(const event& what,
                     std::initializer_list<field> fields) noexcept = 0;
};

/// Installs `to` (null: none), which must outlive every emitter. Events below
/// `least` are dropped before their fields are looked at.
void install(sink* to, level least);

/// Whether events of this level are written: for callers whose fields cost
/// something to make.
[[nodiscard]] bool wants(level importance) noexcept;

/// Tells an event. Any thread; never blocks, never throws. A debug build ends
/// the process where the fields are not those that are declared, whether or not
/// somebody listens.
void emit(const event& what, std::initializer_list<field> fields) noexcept;

} // namespace greenroom::log
