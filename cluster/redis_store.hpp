#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "cluster/redis_link.hpp"
#include "cluster/redis_loop.hpp"
#include "cluster/shared_log.hpp"
#include "core/store.hpp"

namespace greenroom::cluster {

struct redis_store_options {
  redis_link::options link; ///< See `link_options`.
  std::string node_id;      ///< Unique in the cluster, also after a restart.
  shared_log_options logs;

  /// Appends that may wait for Redis, and the bytes of their messages: what
  /// comes while Redis is changed for another. Beyond either, they are refused.
  std::size_t waiting_max = 16'384;
  std::size_t waiting_bytes_max = 32 * 1024 * 1024;

  /// Reads that may wait, until their rooms have the answers: who asks for much
  /// takes no place of an append.
  std::size_t reading_max = 4'096;

  /// What has waited so long is answered `unavailable`, also what was sent: it
  /// may be carried out all the same. Longer than a failover takes.
  milliseconds unavailable_after{10'000};

  /// Calls and bytes under way: a full pipe, and no more for Redis to do before
  /// it answers somebody else.
  std::size_t window_calls_max = 512;
  std::size_t window_bytes_max = 1024 * 1024;

  /// A word goes to the peers, and has to come back, so that a Redis that
  /// delivers nothing is noticed within 2 s; the same for one that does not
  /// answer.
  milliseconds beat{400};
  milliseconds silent_after{1'000};
  /// Logs in which something happened are looked at so often (13), and all so
  /// often (14).
  milliseconds look{1'000};
  milliseconds look_at_all{30'000};

  /// Nodes whose silence is noticed: as many as the cluster actor knows. Those
  /// beyond are not missed.
  std::size_t peers_max = 1'024;
};

/// Keeps the logs of all nodes' rooms in Redis, which gives the order:
/// docs/model/README.md has the rules. Two connections, on the loop `in`, to
/// which `home` leads; rooms may be on any.
///
/// It is made and destroyed on that loop's thread, or while the loop does not
/// run; what waits then is `unavailable`. Rooms may outlive it.
[[nodiscard]] std::unique_ptr<store> make_redis_store(const redis_loop& in,
                                                      loop_entrance& home,
                                                      redis_store_options how);

} // namespace greenroom::cluster
