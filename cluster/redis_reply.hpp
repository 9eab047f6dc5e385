#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

struct redisReply;

namespace greenroom::cluster {

/// One reply, or what a subscription brings: what hiredis read, as far as nodes
/// look at it. Points into that, and ends with it.
struct redis_reply {
  enum class kind : std::uint8_t { status, error, text, array, other };

  /// More than anything that is answered to a node: a pushed message has three.
  static constexpr std::size_t elements_max = 4;

  explicit redis_reply(const redisReply& read);

  kind is = kind::other;
  std::string_view text;
  std::size_t count = 0; ///< Elements of an array, all of them.
  std::array<std::string_view, elements_max> elements; ///< The first ones.
  const redisReply* whole = nullptr; ///< For who looks deeper.
};

} // namespace greenroom::cluster
