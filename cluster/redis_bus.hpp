#pragma once

#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "cluster/bus.hpp"
#include "core/run_once.hpp"
#include "core/settings.hpp"

namespace boost::asio {
class io_context;
}

namespace greenroom::cluster {

/// Why a bus cannot be made from the settings: one line for the operator,
/// without the password.
struct bus_error {
  std::string text;
};

/// A bus over Redis Pub/Sub, on the loop of `io`. Reads certificates from files
/// here and now; after that, nothing blocks. `node_id` names the connections in
/// Redis's CLIENT LIST. What a turn publishes leaves in one write: at
/// `turn_end`, or where that is null, by a handler of `io`.
[[nodiscard]] boost::system::result<std::unique_ptr<bus>, bus_error>
make_redis_bus(boost::asio::io_context& io, run_once_queue* turn_end,
               const settings::cluster_settings& how,
               const std::string& node_id);

} // namespace greenroom::cluster
