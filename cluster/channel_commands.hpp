#pragma once

#include <string_view>

#include "cluster/redis_link.hpp"
#include "cluster/redis_words.hpp"
#include "cluster/subscriptions.hpp"

namespace greenroom::cluster {

/// Tells a server of all channels that are wanted; only over a link that is
/// ready.
void subscribe_all(redis_link& over, const redis_words& words,
                   subscriptions& channels);

/// Wants the channel, and tells the server if the link is ready.
void subscribe_one(redis_link& over, const redis_words& words,
                   subscriptions& channels, std::string_view channel);
void unsubscribe_one(redis_link& over, const redis_words& words,
                     subscriptions& channels, std::string_view channel);

} // namespace greenroom::cluster
