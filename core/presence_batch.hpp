#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/protocol/messages.hpp"

namespace greenroom {

/// Who came and who went since members were last told: many changes become one
/// message, and of each connection only the last one is told. That also where
/// it changes nothing for who was there before: who came in between has been
/// given a list, which may have been another one.
class presence_batch {
public:
  void joined(protocol::member who) {
    left_.erase(who.connection_id);
    auto id = who.connection_id;
    joined_.insert_or_assign(std::move(id), std::move(who));
  }

  void left(protocol::member who) {
    auto id = who.connection_id;
    joined_.erase(id);
    left_.insert_or_assign(std::move(id), std::move(who));
  }

  [[nodiscard]] bool empty() const { return joined_.empty() && left_.empty(); }

  /// The one who came, where nothing else happened; else nothing.
  [[nodiscard]] const protocol::member* only_joined() const {
    return joined_.size() == 1 && left_.empty() ? &joined_.begin()->second
                                                : nullptr;
  }

  /// Moves the lists out; the batch is empty then.
  void take(std::vector<protocol::member>& joined,
            std::vector<protocol::member>& left) {
    for (auto& [id, who] : joined_)
      joined.push_back(std::move(who));
    for (auto& [id, who] : left_)
      left.push_back(std::move(who));
    clear();
  }

  void clear() {
    joined_.clear();
    left_.clear();
  }

private:
  std::map<std::string, protocol::member> joined_; ///< By connection id.
  std::map<std::string, protocol::member> left_;
};

} // namespace greenroom
