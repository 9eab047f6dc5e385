#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/protocol/messages.hpp"

namespace greenroom {

/// Who came and who went since members were last told: many changes become one
/// message, and who came and went, or went and came, between two of them is not
/// mentioned; unless it came back as somebody else, or a list was given
/// meanwhile, to somebody who knows it as it was then.
class presence_batch {
public:
  void joined(protocol::member who) { turn(std::move(who), left_, joined_); }
  void left(protocol::member who) { turn(std::move(who), joined_, left_); }

  /// Somebody was given the list as it is.
  void list_given() { ++lists_; }

  [[nodiscard]] bool empty() const { return joined_.empty() && left_.empty(); }

  /// The one who came, where nothing else happened; else nothing.
  [[nodiscard]] const protocol::member* only_joined() const {
    return joined_.size() == 1 && left_.empty() ? &joined_.begin()->second.who
                                                : nullptr;
  }

  /// Moves the lists out; the batch is empty then.
  void take(std::vector<protocol::member>& joined,
            std::vector<protocol::member>& left) {
    for (auto& [id, each] : joined_)
      joined.push_back(std::move(each.who));
    for (auto& [id, each] : left_)
      left.push_back(std::move(each.who));
    clear();
  }

  void clear() {
    joined_.clear();
    left_.clear();
  }

private:
  struct change {
    protocol::member who;
    std::uint64_t lists = 0; ///< So many were given before it.
    /// Members know it as it is now, or as it was a moment ago.
    bool has_to_be_told = false;
  };
  using changes = std::map<std::string, change>; ///< By connection id.

  void turn(protocol::member who, changes& from, changes& to) {
    auto id = who.connection_id;
    change now{std::move(who), lists_, false};
    if (auto before = from.extract(id)) {
      const auto& was = before.mapped();
      if (!was.has_to_be_told && was.lists == lists_ && was.who == now.who)
        return; // As everybody knows it.
      now.has_to_be_told = true;
    }
    to.insert_or_assign(std::move(id), std::move(now));
  }

  changes joined_;
  changes left_;
  std::uint64_t lists_ = 0;
};

} // namespace greenroom
