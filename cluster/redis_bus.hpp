#pragma once

#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "cluster/bus.hpp"
#include "cluster/redis_loop.hpp"
#include "core/settings.hpp"

namespace greenroom::cluster {

/// Why a bus cannot be made from the settings: one line for the operator,
/// without the password.
struct bus_error {
  std::string text;
};

/// A bus over Redis Pub/Sub, on a loop. Reads certificates from files here and
/// now; after that, nothing blocks. `node_id` names the connections in Redis's
/// CLIENT LIST. What a turn publishes leaves in one write at its end.
[[nodiscard]] boost::system::result<std::unique_ptr<bus>, bus_error>
make_redis_bus(const redis_loop& in, const settings::cluster_settings& how,
               const std::string& node_id);

} // namespace greenroom::cluster
