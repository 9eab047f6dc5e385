#include "cluster/redis_reply.hpp"

#include <algorithm>

#include <hiredis/hiredis.h>

namespace greenroom::cluster {

namespace {

std::string_view text_of(const redisReply* read) {
  return read == nullptr || read->str == nullptr
             ? std::string_view{}
             : std::string_view{read->str, read->len};
}

} // namespace

redis_reply::redis_reply(const redisReply& read)
  : text(text_of(&read)), whole(&read) {
  switch (read.type) {
  case REDIS_REPLY_STATUS:
    is = kind::status;
    return;
  case REDIS_REPLY_ERROR:
    is = kind::error;
    return;
  case REDIS_REPLY_STRING:
    is = kind::text;
    return;
  case REDIS_REPLY_ARRAY:
    is = kind::array;
    count = read.elements;
    for (std::size_t i = 0; i < std::min(count, elements_max); ++i)
      elements[i] = text_of(read.element[i]);
    return;
  default:
    return;
  }
}

} // namespace greenroom::cluster
