#pragma once

#include <cstddef>
#include <deque>
#include <string_view>
#include <utility>

#include "watch/life.hpp"

namespace greenroom::watch {

/// What each event does to what is known of a node.
struct deeds {
  using deed = void (*)(life& its, const event_line& line, actor* who);

  /// Null: nothing but that somebody tells it.
  [[nodiscard]] static deed of(std::string_view event);

private:
  struct row;
  struct all;
};

inline constexpr std::string_view connection_kind = "connection";

template <class T>
void push_bounded(std::deque<T>& to, T what, std::size_t most) {
  if (to.size() >= most)
    to.pop_front();
  to.push_back(std::move(what));
}

} // namespace greenroom::watch
