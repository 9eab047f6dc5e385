#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

#include "tests/support/redis_server.hpp"

namespace greenroom::test {

/// Talks to a redis-server and waits for the answer.
class redis_client {
public:
  template <class Server>
  explicit redis_client(const Server& at)
    : context_(redisConnect("127.0.0.1", at.port()), redisFree) {}

  /// The answer as text; of an array the elements, a blank between two.
  std::string operator()(const std::vector<std::string>& command) {
    std::vector<const char*> parts;
    std::vector<std::size_t> sizes;
    for (const auto& part : command) {
      parts.push_back(part.data());
      sizes.push_back(part.size());
    }
    std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply{
        static_cast<redisReply*>(
            redisCommandArgv(context_.get(), static_cast<int>(parts.size()),
                             parts.data(), sizes.data())),
        freeReplyObject};
    return reply ? text_of(*reply) : std::string{"(no answer)"};
  }

private:
  static std::string text_of(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_INTEGER)
      return std::to_string(reply.integer);
    std::string text;
    if (reply.type == REDIS_REPLY_ARRAY)
      for (std::size_t i = 0; i < reply.elements; ++i)
        text += (i == 0 ? "" : " ") + text_of(*reply.element[i]);
    else if (reply.str != nullptr)
      text.assign(reply.str, reply.len);
    return text;
  }

  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

} // namespace greenroom::test
