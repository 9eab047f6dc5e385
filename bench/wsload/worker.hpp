#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/wsload/clock.hpp"
#include "bench/wsload/frame.hpp"
#include "bench/wsload/load.hpp"
#include "bench/wsload/message_text.hpp"
#include "bench/wsload/totals.hpp"

namespace greenroom::bench {

/// One thread of the generator with its share of the connections: opens them,
/// sends when it is time, checks and counts what comes.
class worker {
public:
  worker(load& shared, int index);
  ~worker();

  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Until `load::stop`. This worker's own thread.
  void run();

  /// Once `run` has returned.
  [[nodiscard]] const totals& counted() const { return counted_; }

private:
  // -- opening (worker_opening.cpp)
  nanos open_more(nanos now, nanos began);
  void open(client& who);
  void on_connected(client& who);
  void on_upgraded(client& who);
  void greet(client& who);
  void on_setup(client& who, std::string_view text);
  void become_ready(client& who);
  void fail(client& who, const char* what);

  // -- sending (worker_sending.cpp)
  nanos send_what_is_due(nanos now);
  nanos keep_window_full(nanos now);
  void start_round_trips();
  void start_round_trip(client& who);
  void send_message(client& who, nanos time);
  void append_message(client& who, nanos time);
  void queue_frame(client& who, opcode op, std::string_view payload);
  void ask_all();
  void flush(client& who);
  std::uint32_t next_mask_key();

  // -- receiving (worker_receiving.cpp)
  void on_event(client& who, std::uint32_t events);
  void receive(client& who);
  std::size_t consume(client& who, char* data, std::size_t size, nanos now);
  std::size_t consume_answer(client& who, std::string_view data);
  void on_frame(client& who, opcode op, std::string_view payload, nanos now);
  void on_payload(client& who, std::string_view payload, nanos now);
  void on_unstamped(client& who, std::string_view payload);
  void on_message(client& who, const stamp& what, nanos now);
  void on_round_trip(client& who, std::uint32_t sender, nanos now);
  void count_delivery(std::uint32_t sender);

  void publish_counts();
  client& at(int index) {
    return load_.clients[static_cast<std::size_t>(index)];
  }

  load& load_;
  const options& opt_;
  int epoll_ = -1;
  std::vector<int> mine_;
  std::vector<int> senders_;
  std::size_t opened_ = 0;
  int under_way_ = 0; ///< Handshakes.
  std::size_t next_sender_ = 0;
  std::uint64_t round_ = 0;
  message_texts texts_;
  std::vector<char> buffer_;
  bool started_ = false; ///< Has seen `go`, so the times may be read.
  bool asked_ = false;
  bool in_window_ = false;
  std::uint32_t random_;
  std::uint64_t published_expected_ = 0;
  std::uint64_t published_received_ = 0;
  totals counted_;
};

} // namespace greenroom::bench
