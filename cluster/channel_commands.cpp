#include "cluster/channel_commands.hpp"

#include <algorithm>
#include <vector>

namespace greenroom::cluster {

void subscribe_all(redis_link& over, const redis_words& words,
                   subscriptions& channels) {
  auto all = channels.wanted();
  std::vector<std::string_view> command;
  for (std::size_t i = 0; i < all.size(); i += words.channels_per_command) {
    auto end = std::min(all.size(), i + words.channels_per_command);
    command.assign(1, words.subscribe);
    for (auto k = i; k < end; ++k) {
      command.push_back(all[k]);
      channels.sent(all[k]);
    }
    over.send(command);
  }
}

void subscribe_one(redis_link& over, const redis_words& words,
                   subscriptions& channels, std::string_view channel) {
  if (!channels.add(channel) || !over.ready())
    return;
  channels.sent(channel);
  over.send({words.subscribe, channel});
}

void unsubscribe_one(redis_link& over, const redis_words& words,
                     subscriptions& channels, std::string_view channel) {
  if (channels.remove(channel) && over.ready())
    over.send({words.unsubscribe, channel});
}

} // namespace greenroom::cluster
