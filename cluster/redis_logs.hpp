#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/log_shard.hpp"
#include "cluster/redis_shards.hpp"
#include "cluster/slot_watch.hpp"

namespace greenroom::cluster {

/// The logs of one node's rooms in Redis, on the loop that talks to it: gives
/// each to the shard that has it, and tells rooms what becomes of theirs.
class redis_logs final : private log_shard::owner, private run_once {
public:
  redis_logs(const redis_loop& in, redis_store_options how,
             redis_store_counters& counts);
  ~redis_logs() override;

  void take(std::vector<log_request> requests);

private:
  using clock = std::chrono::steady_clock;

  // -- of the logs
  void log_tells(log_news news) override;
  void log_answered(const appended& what, std::uint64_t bytes) override;
  void log_answered(const key_answer& what, std::uint64_t bytes) override;
  void log_wants(shared_log& log) override;
  void log_awaits_word(const shared_log& log) override;
  void log_repaired(const shared_log& log, std::uint64_t entries) override;
  void log_turned(const shared_log& log, const log_turn& to) override;
  void log_rejected(const shared_log& log, std::string_view why) override;
  void log_dropped(std::size_t entries) override;

  // -- of the shards
  void shard_refused(std::string_view reason) override;
  void shard_moved(log_shard& which, std::uint16_t slot) override;
  void shard_lost() override;

  void watch_slots();
  std::unique_ptr<log_shard> make_shard(const redis_link::options& link);
  std::unique_ptr<log_shard> make_shard_at(const slot_map::address& where);
  void on_slots(const slot_map& map);
  void place(std::vector<log_shard::moving> what);
  void run() override;

  redis_loop loop_;
  redis_store_options how_;
  redis_store_counters& counts_;
  std::unordered_map<loop_entrance*, std::vector<log_news>> news_;
  std::string tops_; ///< What channels of words begin with.
  redis_shards<log_shard> shards_;
  std::unique_ptr<slot_watch> watch_; ///< Of a Redis Cluster.
  clock::time_point refusal_told_;
  std::uint64_t refusals_ = 0;
};

} // namespace greenroom::cluster
