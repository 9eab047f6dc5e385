#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cluster/redis_link.hpp"
#include "cluster/redis_store.hpp"
#include "cluster/shared_log.hpp"
#include "cluster/subscriptions.hpp"

namespace greenroom::cluster {

/// What a redis_store counts; its loop and those of rooms write, any thread
/// reads.
struct redis_store_counters {
  using number = std::atomic<std::uint64_t>;

  number open{0};
  number accepted{0};
  number duplicates{0};
  number conflicts{0};
  number unavailable{0};
  number reads{0};
  number keys_set{0};
  number failures{0};
  number dropped{0}; ///< Heard and not kept: they were read again.
  number waiting{0};
  number waiting_bytes{0};
};

/// The logs of one node's rooms in Redis, on the loop that talks to it: sends
/// their calls, hears for them, and looks at them from time to time.
class redis_logs final : public shared_log::outlet, private run_once {
public:
  redis_logs(const redis_loop& in, redis_store_options how,
             redis_store_counters& counts);
  ~redis_logs() override;

  void take(std::vector<log_request> requests);

private:
  using clock = std::chrono::steady_clock;

  /// A room's log, and what is for the next one when this one is done.
  struct place {
    std::unique_ptr<shared_log> log;
    std::vector<log_request> later;
    bool wants = false;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// By `room_name`.
  using places =
      std::unordered_map<std::string, place, text_hash, std::equal_to<>>;

  /// A command that is not yet answered.
  struct sent {
    enum class kind : std::uint8_t { load, call, word };
    kind is = kind::call;
    std::string log;
    std::size_t bytes = 0;
  };

  static redis_link::options named(const redis_store_options& how,
                                   std::string name);

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

  void take(log_request what);
  void open(place& at, log_request what);
  void finish_if_done(const std::string& name);
  [[nodiscard]] shared_log* find(std::string_view name);
  [[nodiscard]] shared_log* find_by_channel(std::string_view channel);

  // -- calls
  void on_commands_ready();
  void on_commands_lost();
  void on_answer(const redis_reply& reply);
  void on_loaded(const redis_reply& reply);
  void on_called(const sent& what, const redis_reply& reply);
  void load();
  void run() override;
  void send_calls();
  void note_refusal(std::string_view reason);

  // -- subscribing
  void on_subscriber_ready();
  void on_subscriber_lost();
  void on_push(const redis_reply& reply);
  void on_word(std::string_view bytes);
  void unlink_all();

  // -- from time to time
  void tick();
  void say_word();
  void send_word(log_tops& word);
  void look_at_some();
  void look_at_all();
  void notice_silence(clock::time_point now);
  void notice_lost_peers(clock::time_point now);
  void give_up_old(clock::time_point now);

  template <class Do>
  void for_all(Do each);

  redis_loop loop_;
  redis_store_options how_;
  redis_store_counters& counts_;
  std::string tops_channel_;
  std::string log_channels_; ///< What theirs begin with.
  places places_;
  std::unordered_set<std::string> awaiting_; ///< Logs, a word of this node's.
  std::deque<std::string> wanting_;          ///< Names of logs, each once.
  std::unordered_map<loop_entrance*, std::vector<log_news>> news_;

  redis_link commands_;
  redis_link subscriber_;
  subscriptions channels_;
  std::deque<sent> sent_;
  std::size_t calls_under_way_ = 0;
  std::size_t bytes_under_way_ = 0;
  std::string function_sha_; ///< Empty: not known to be loaded.

  struct word_on_its_way {
    std::uint64_t number = 0;
    clock::time_point since;
  };
  std::uint64_t words_ = 0;
  std::deque<word_on_its_way> words_under_way_;
  std::unordered_map<std::string, clock::time_point> peers_; ///< Last heard.

  timer_queue::timer ticker_;
  clock::time_point said_;
  clock::time_point looked_;
  clock::time_point gave_up_;
  std::size_t next_bucket_ = 0; ///< Of `places_`, to be looked at,
  double looks_due_ = 0;        ///< and how many now.
  clock::time_point refusal_told_;
  std::uint64_t refusals_ = 0;
};

} // namespace greenroom::cluster
