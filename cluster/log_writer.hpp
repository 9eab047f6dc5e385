#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "cluster/sqlite_store.hpp"
#include "cluster/store_calls.hpp"

namespace greenroom::cluster {

/// What a sqlite_store counts; its thread and the loops write, any thread
/// reads.
struct store_counters {
  using number = std::atomic<std::uint64_t>;

  number open{0};
  number accepted{0};
  number duplicates{0};
  number conflicts{0};
  number unavailable{0};
  number reads{0};
  number keys_set{0};
  number commits{0};
  number commit_us{0};
  number failures{0};
  number cleared{0};
  number reads_refused{0};
};

/// The thread of a sqlite_store: takes what waits, decides it, commits it,
/// answers it, and reads a little in between.
class log_writer {
public:
  /// The file is open: whether it can be is for who starts the node.
  log_writer(const sqlite_options& options, std::unique_ptr<log_tables> tables,
             call_queue& calls, store_counters& counts);

  /// Until the queue is closed and empty.
  void run();

private:
  using steady_clock = std::chrono::steady_clock;

  // -- what came together
  void serve(std::vector<log_call> calls);
  [[nodiscard]] bool write_all(std::vector<log_call>& calls);
  [[nodiscard]] bool load(log_call& call, std::int64_t now);
  template <class Read>
  [[nodiscard]] bool safely(log_call& call, Read read_it);
  void decide(log_call& call);
  void decide(log_call& call, log_call::opening& what);
  void decide(log_call& call, new_message& what);
  void decide(log_call& call, sqlite_log::setting& what);
  void decide(log_call& call, log_call::reading& what);
  void decide(log_call& call, const log_call::trimming& what);
  void decide(log_call& call, const log_call::forgetting& what);
  void decide(log_call& call, const log_call::closing& what);
  void change(const std::shared_ptr<log_line>& line);
  void write(const std::shared_ptr<log_line>& line);
  void erase_later(const std::shared_ptr<log_line>& line);
  void begin();
  void commit();
  void refuse_all(std::vector<log_call>& calls);
  void leave(const std::shared_ptr<log_line>& line);

  // -- reading
  void put_off_reads(std::vector<log_call>& calls);
  void read_some(std::size_t most);
  sqlite_log& log_of(log_line& line, std::int64_t now);
  void read(log_call& call, log_call::reading& what);
  void count(const log_call& call);
  static void answer(std::vector<log_call> calls);

  // -- beside all that
  void keep_house();
  [[nodiscard]] std::optional<std::int64_t>
  left_alone(const room_key& room) const;
  void erase_rests();
  void note_failed_write(const sqlite_failure& why);
  void note_failed_read(const sqlite_failure& why);
  void note_recovery();

  sqlite_options options_;
  std::unique_ptr<log_tables> tables_;
  call_queue& calls_;
  store_counters& counts_;

  /// Who has each log open.
  std::unordered_map<room_key, std::shared_ptr<log_line>> open_;
  /// To be written with the commit that comes next.
  std::vector<std::shared_ptr<log_line>> changed_;
  /// Asked for, and decided with all that was asked for before.
  std::deque<log_call> reads_;
  std::uint64_t decided_ = 0; ///< Calls so far.
  /// Have let go of more than was deleted with it.
  std::deque<std::shared_ptr<log_line>> with_rest_;

  steady_clock::time_point next_sweep_;

  // While commits fail:
  bool failing_ = false;
  steady_clock::time_point failing_since_;
  std::uint64_t refused_ = 0;
  steady_clock::time_point told_of_write_;
  steady_clock::time_point told_of_read_;
};

} // namespace greenroom::cluster
