#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cluster/redis_link.hpp"
#include "cluster/redis_store.hpp"
#include "cluster/redis_words.hpp"
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

/// Those of a node's logs that are on one Redis server: sends their calls,
/// hears for them, and looks at them from time to time. One loop's thread.
class log_shard final : private run_once {
public:
  /// Called from socket events, timers and the end of a turn.
  class owner : public shared_log::outlet {
  public:
    /// The server did not do what it was asked for, and will not.
    virtual void shard_refused(std::string_view reason) = 0;

    /// A slot is not, or not any more, on this server.
    virtual void shard_moved(log_shard& which, std::uint16_t slot) = 0;

    /// A connection broke, or none comes about.
    virtual void shard_lost() = 0;

  protected:
    ~owner() = default;
  };

  /// `how` outlives it.
  log_shard(const redis_loop& in, const redis_store_options& how,
            const redis_link::options& link, redis_store_counters& counts,
            owner& to);
  ~log_shard() override;

  /// One that is never started keeps what it is given.
  void start();

  [[nodiscard]] const redis_endpoint& where() const { return where_; }

  /// Says words to the peers over `channel`, which is on this server. Empty:
  /// it says none.
  void speak_over(const std::string& channel);

  /// `name` is that of the room. A log that nobody has opened is passed over.
  void take(const std::string& name, log_request what);

  /// The log may have something to send.
  void want(const std::string& name);

  /// The log waits for a word of this node.
  void await_word(const std::string& name) { awaiting_.insert(name); }

  /// A room's log, and what is for the next one when this one is done.
  struct place {
    std::unique_ptr<shared_log> log;
    std::vector<log_request> later;
    bool wants = false;
    std::uint16_t slot = 0; ///< In a Redis Cluster.
  };

  struct moving {
    std::string name;
    place at;
  };

  /// Nobody answers any more.
  void give_up_all();

  /// Takes out the logs for whose slots `which` holds.
  void take_out(const std::function<bool(std::uint16_t slot)>& which,
                std::vector<moving>& to);
  void put(moving what);

private:
  using clock = std::chrono::steady_clock;

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

  void open(place& at, log_request what);
  void link(shared_log& log);
  void finish_if_done(const std::string& name);
  [[nodiscard]] shared_log* find(std::string_view name);
  [[nodiscard]] std::string_view name_in(std::string_view channel) const;

  // -- calls
  void on_commands_lost();
  void on_answer(const redis_reply& reply);
  void on_loaded(const redis_reply& reply);
  void on_called(const sent& what, const redis_reply& reply);
  bool on_not_done(shared_log& log, std::string_view error);
  void on_said(const redis_reply& reply);
  void pause(const std::string& name, std::string_view why);
  void load();
  void run() override;
  void unlink_all();

  // -- subscribing
  void on_subscriber_ready();
  void on_subscriber_lost();
  void on_push(const redis_reply& reply);
  void on_word(std::string_view bytes);

  // -- from time to time
  void tick();
  void say_word();
  void send_word(log_tops& word);
  void look_at_some();
  void look_at_all();
  void ask_paused_again(clock::time_point now);
  void notice_silence(clock::time_point now);
  void notice_lost_peers(clock::time_point now);
  void give_up_old(clock::time_point now);

  template <class Do>
  void for_all(Do each);

  redis_loop loop_;
  const redis_store_options& how_;
  redis_store_counters& counts_;
  owner& owner_;
  redis_endpoint where_;
  bool is_shard_;
  const redis_words& words_of_redis_;
  bool may_part_;
  std::string functions_;
  std::string tops_channel_;
  std::string log_channels_; ///< What theirs begin with.
  places places_;
  std::unordered_set<std::string> awaiting_; ///< Logs, a word of this node's.
  std::deque<std::string> wanting_;          ///< Names of logs, each once.
  std::vector<std::string> paused_;          ///< Logs whose slot is on its way,
  clock::time_point paused_since_;           ///< maybe without an end.
  std::string paused_why_;

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
};

} // namespace greenroom::cluster
