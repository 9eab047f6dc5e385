#pragma once

#include <memory>
#include <string_view>

#include <hiredis/hiredis.h>

namespace greenroom::test {

using resp_reply = std::unique_ptr<redisReply, void (*)(void*)>;

/// What hiredis reads of these bytes; null: no whole reply.
inline resp_reply read_resp(std::string_view bytes) {
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader{
      redisReaderCreate(), redisReaderFree};
  void* reply = nullptr;
  if (redisReaderFeed(reader.get(), bytes.data(), bytes.size()) == REDIS_OK)
    (void)redisReaderGetReply(reader.get(), &reply);
  return {static_cast<redisReply*>(reply), freeReplyObject};
}

} // namespace greenroom::test
