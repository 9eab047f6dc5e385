#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/context.hpp"
#include "actors/loop_crew.hpp"
#include "actors/supervisor.hpp"
#include "actors/tree.hpp"
#include "app/admin_port.hpp"
#include "app/health.hpp"
#include "app/log_sink.hpp"
#include "cluster/bus.hpp"
#include "cluster/cluster.hpp"
#include "core/settings.hpp"
#include "core/unique_fd.hpp"
#include "net/io_loop.hpp"
#include "net/listener.hpp"

namespace greenroom::app {

/// The node cannot start; the text is one line for the operator.
class startup_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// One node: wires the loops, listeners and actors, and stops them in order.
///
///   main thread   signals, the order of starting and stopping
///   loop 0 … n-1  sockets and actors; the cluster actor lives on loop 0
class node {
public:
  /// Opens the listening sockets; throws `startup_error`. `config` is checked
  /// and has a node id; `log` is where events go, if that is to be shown to who
  /// watches (null: it is not), and outlives `run`.
  node(settings config, log_sink* log);
  ~node();

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Serves until a signal or a fatal failure; gives the exit code.
  int run();

  /// Whether `run` ended everything in time, so that destroying this is safe.
  [[nodiscard]] bool stopped_clean() const { return clean_; }

  using tree_ready = std::function<void(std::vector<actors::tree_entry>)>;

  /// Gives `done`, on the main thread, the tree of what lives here, see
  /// `actors::list_children`: what each loop's actors say of themselves, one
  /// loop after the other, and so not while one hangs. Of those that are many,
  /// `most` on all loops together. Not where the loops have ended meanwhile.
  /// Any thread, while `run` does.
  void list_tree(std::size_t most, tree_ready done);

  /// When the process has to be gone, after `run`.
  [[nodiscard]] std::chrono::steady_clock::time_point stop_deadline() const;

private:
  class loop_link;

  // -- start
  void make_loops();
  void open_listeners();
  void open_admin();
  void start_admin();
  void open_store();
  void open_bus();
  void join_cluster();
  void open_shared_logs();
  void plant_tree();
  void open_to_clients();
  void send_out_canary();
  void start_threads();
  void become_ready();

  // -- stop
  void wait_for_signal();
  void begin_stop(std::string reason);
  [[nodiscard]] actors::drain drain_of_clients() const;
  void await(bool (node::*done)() const, void (node::*next)());
  [[nodiscard]] bool clients_gone() const;
  [[nodiscard]] bool cluster_left() const;
  [[nodiscard]] bool actors_gone() const;
  void leave_cluster();
  void end_actors();
  void finish();
  void tell_ends();
  void guard(const caf::actor& vital, const char* name);

  void list_loops(std::size_t next, std::size_t most,
                  std::vector<actors::tree_entry> all, tree_ready done);

  // -- what listeners ask, on their loops
  [[nodiscard]] net::http_services::seat place(actors::client_hello& who,
                                               std::uint32_t here) const;
  [[nodiscard]] std::string why_not_ready() const;

  settings config_;
  loop_counters main_counters_;
  counting_in counts_here_{main_counters_};
  log_sink* log_;
  boost::asio::io_context main_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer check_;
  std::unique_ptr<caf::actor_system_config> caf_config_;
  std::unique_ptr<caf::actor_system> system_;
  actors::context_ptr context_;
  std::vector<std::unique_ptr<net::io_loop>> loops_;
  std::shared_ptr<cluster::bus> bus_;  ///< Until the cluster actor has it.
  std::unique_ptr<store> shared_logs_; ///< On the first loop; null: none.
  std::vector<std::shared_ptr<net::listener>> listeners_;
  std::vector<std::unique_ptr<actors::loop_crew>> crews_; ///< One per loop.
  /// Of the loops, on the main thread: the last one above which there is none.
  std::unique_ptr<actors::supervisor> root_;
  std::vector<std::unique_ptr<loop_link>> links_;
  timer_queue root_timers_;          ///< Unused: its first restart is at once.
  std::vector<unique_fd> listening_; ///< Until started.
  unique_fd admin_listening_;        ///< Until started; none: closed.
  std::shared_ptr<const cluster::counters> bus_counts_; ///< Null: no cluster.
  std::unique_ptr<admin_port> admin_; ///< On the first loop; until that ends.
  std::vector<std::thread> threads_;
  boost::asio::ip::tcp::endpoint bound_;
  boost::asio::ip::tcp::endpoint admin_bound_;
  std::unique_ptr<health> health_;
  /// Where their room has failed, nobody else knows them.
  std::vector<actors::connection_actor> canaries_;
  std::atomic<bool> bus_up_{false};
  std::atomic<bool> cluster_gone_{true};
  std::atomic<bool> draining_{false};
  bool ready_told_ = false;
  bool clean_ = false;
  int exit_code_ = 0;
  std::chrono::steady_clock::time_point stop_began_;
  std::chrono::steady_clock::time_point stop_until_;
};

} // namespace greenroom::app
