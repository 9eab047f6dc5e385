#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/ring.hpp"
#include "core/timer_queue.hpp"

namespace greenroom {

/// Members whose connection is lost and who may be back in a moment: until then
/// nobody is told that they went. All are waited for equally long.
class absentees {
public:
  /// `until` is not before any earlier one.
  void add(const std::string& connection_id, steady_time until) {
    until_[connection_id] = until;
    order_.push_back({until, connection_id});
  }

  /// It is back, or gone for good. Whether it was waited for.
  bool remove(const std::string& connection_id) {
    bool was = until_.erase(connection_id) > 0;
    while (!order_.empty() && !is_waited_for(order_.front()))
      order_.pop_front();
    return was;
  }

  /// Takes out the next one whose time is over.
  std::optional<std::string> take_overdue(steady_time now) {
    auto due = next();
    if (!due || *due > now)
      return std::nullopt;
    auto who = order_.front().second;
    remove(who);
    return who;
  }

  [[nodiscard]] std::optional<steady_time> next() const {
    return order_.empty() ? std::nullopt : std::optional{order_[0].first};
  }

  [[nodiscard]] bool empty() const { return until_.empty(); }
  [[nodiscard]] std::size_t size() const { return until_.size(); }
  [[nodiscard]] bool contains(const std::string& connection_id) const {
    return until_.contains(connection_id);
  }

private:
  using place = std::pair<steady_time, std::string>;

  [[nodiscard]] bool is_waited_for(const place& at) const {
    auto found = until_.find(at.second);
    return found != until_.end() && found->second == at.first;
  }

  std::unordered_map<std::string, steady_time> until_;
  ring<place> order_; ///< Also of who came back; never at the front.
};

} // namespace greenroom
