#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench/wsload/load.hpp"
#include "bench/wsload/options.hpp"
#include "bench/wsload/stamp.hpp"

namespace greenroom::bench {

/// `text` with `{room}` and `{i}` filled in.
std::string fill_in(std::string text, const options& opt, const client& who);
std::string fill_in(std::string text, const options& opt, std::uint32_t room,
                    std::uint32_t id);

/// What one client sends, but for the stamp: made once, not once a message.
class message_text {
public:
  message_text() = default;
  message_text(const options& opt, const client& who);

  [[nodiscard]] std::size_t bytes() const {
    return head_.size() + stamp::bytes + padding_ + tail_.size();
  }

  /// Writes `bytes()` bytes.
  void write(char* into, const stamp& what) const;

private:
  std::string head_;
  std::string tail_;
  std::size_t padding_ = 0;
};

/// One text for all clients, or one each where the templates ask for it.
class message_texts {
public:
  explicit message_texts(const options& opt);

  const message_text& of(const client& who);

private:
  struct slot {
    message_text text;
    bool made = false;
  };

  const options& opt_;
  bool per_client_;
  std::vector<slot> slots_;
};

} // namespace greenroom::bench
