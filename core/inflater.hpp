#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/deflate_terms.hpp"

namespace greenroom::ws {

/// What came of inflating a message.
struct inflated {
  enum class verdict : std::uint8_t { whole, too_big, broken };

  verdict what = verdict::broken;
  std::string_view bytes; ///< Where it is whole.
};

/// Where messages are inflated to: one serves all inflaters of a thread, since
/// each message is handed on before the next comes.
class inflate_space {
public:
  /// What is kept for the next message.
  static constexpr std::size_t bytes_kept = 64 * 1024;

  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }

private:
  friend class inflater;
  std::vector<char> bytes_;
};

/// Undoes the compression of messages, RFC 7692 section 7.2.2. Holds some 7 KiB
/// and the window. One thread.
class inflater {
public:
  /// `window_bits` is what the sender agreed on, or more.
  explicit inflater(std::uint8_t window_bits);
  ~inflater();

  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  /// A message that was compressed alone, by anybody.
  [[nodiscard]] inflated inflate_alone(std::string_view message,
                                       std::size_t bytes_max,
                                       inflate_space& into);

  /// The next message of one sender who keeps its context. After a verdict
  /// other than `whole` there is no next one.
  [[nodiscard]] inflated inflate_next(std::string_view message,
                                      std::size_t bytes_max,
                                      inflate_space& into);

private:
  struct stream;

  std::unique_ptr<stream> stream_;
};

} // namespace greenroom::ws
