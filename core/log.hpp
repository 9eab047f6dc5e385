#pragma once

// The event log: every line is an event with a stable name and typed fields.
// core/events.hpp declares the events; this is how one is told.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace greenroom::log {

enum class level : std::uint8_t { debug, info, warn, error };

/// One kind of event, declared once in core/events.hpp.
struct event {
  std::string_view name; ///< `noun.verb_past`, never renamed.
  level importance;
  std::string_view fields;  ///< Names of the fields it carries, for the docs.
  std::string_view meaning; ///< One sentence.
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

/// Where lines go. The node installs one at start (app/log_sink.hpp); without
/// one, events are dropped, so tests and tools need none.
class sink {
public:
  virtual ~sink() = default;

  /// Called from any thread; must not block.
  virtual void write(const event& what,
                     std::initializer_list<field> fields) noexcept = 0;
};

/// Installs `to` (null: none), which must outlive every emitter. Events below
/// `least` are dropped before their fields are looked at.
void install(sink* to, level least);

/// Whether events of this level are written: for callers whose fields cost
/// something to make.
[[nodiscard]] bool wants(level importance) noexcept;

/// Tells an event. Any thread; never blocks, never throws.
void emit(const event& what, std::initializer_list<field> fields) noexcept;

} // namespace greenroom::log
