#include "app/node.hpp"

#include <csignal>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include <boost/asio/post.hpp>
#include <caf/actor_registry.hpp>
#include <caf/atom.hpp>
#include <caf/send.hpp>

#include "actors/canary.hpp"
#include "actors/gateway.hpp"
#include "actors/keeper.hpp"
#include "actors/pinned.hpp"
#include "actors/placement.hpp"
#include "cluster/cluster.hpp"
#include "cluster/redis_bus.hpp"
#include "cluster/redis_store.hpp"
#include "cluster/sqlite_store.hpp"
#include "core/events.hpp"
#include "core/random_id.hpp"
#include "net/jwt.hpp"

namespace greenroom::app {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// How often a stopping node looks whether the present step is done.
constexpr milliseconds stop_check{5};

std::unique_ptr<caf::actor_system_config> caf_config() {
  auto config = std::make_unique<caf::actor_system_config>();
  // Every actor is pinned to a loop: CAF's own worker has nothing to do. It is
  // to sleep until it has; the one that steals work looks 100 times a second.
  config->set("scheduler.max-threads", 1);
  config->set("scheduler.policy", caf::atom("sharing"));
  return config;
}

tcp::endpoint endpoint_of(const char* name, const std::string& text,
                          std::uint16_t port) {
  boost::system::error_code error;
  auto address = asio::ip::make_address(text, error);
  if (error)
    throw startup_error{std::string{name} + ": '" + text
                        + "' is not an IP address"};
  return {address, port};
}

/// So many sockets that listen there together; a port 0 becomes the one that
/// they got.
std::vector<unique_fd> open_all(tcp::endpoint& at, std::size_t count) {
  std::vector<unique_fd> out;
  auto error = net::probe_port(at);
  for (std::size_t i = 0; i < count; ++i) {
    if (!error)
      out.push_back(net::open_listening(at, error));
    if (error)
      throw startup_error{"cannot listen on " + at.address().to_string()
                          + " port " + std::to_string(at.port()) + ": "
                          + error.message()};
  }
  return out;
}

} // namespace

// -- start --------------------------------------------------------------------

node::node(settings config, log_sink* log)
  : config_(std::move(config)),
    log_(log),
    signals_(main_, SIGINT, SIGTERM),
    check_(main_),
    caf_config_(caf_config()),
    system_(std::make_unique<caf::actor_system>(*caf_config_)),
    context_(std::make_shared<actors::node_context>()) {
  // A client that goes away while we send is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
  context_->config = config_;
  context_->salt = std::random_device{}();
  context_->verify = net::make_jwt_verifier(config_);
  make_loops();
  open_listeners();
  open_admin();
  open_store();
  open_bus();
  // From here on actors live: nothing may fail any more.
  log::emit(events::node_starting, {{"version", GREENROOM_VERSION},
                                    {"node_id", config_.cluster.node_id},
                                    {"loops", loops_.size()},
                                    {"pid", getpid()}});
  plant_tree();
  join_cluster();
  send_out_canary();
  open_to_clients();
  start_admin();
}

node::~node() {
  context_->kept.reset(); // Its thread answers into the loops.
}

void node::make_loops() {
  auto count = config_.net.loops != 0
                   ? config_.net.loops
                   : std::max(1u, std::thread::hardware_concurrency());
  for (std::uint32_t i = 0; i < count; ++i) {
    loops_.push_back(
        std::make_unique<net::io_loop>(*system_, i, config_.net.io_uring));
    context_->loops.push_back(loops_.back().get());
    loops_.back()->patient = {config_.limits.handler_time,
                              config_.limits.room_mailbox / 2};
  }
}

void node::open_listeners() {
  bound_ = endpoint_of("net.address", config_.net.address, config_.net.port);
  listening_ = open_all(bound_, loops_.size());
}

void node::open_admin() {
  const auto& admin = config_.admin;
  if (admin.address.empty())
    return;
  admin_bound_ = endpoint_of("admin.address", admin.address, admin.port);
  try {
    admin_listening_ = std::move(open_all(admin_bound_, 1).front());
  } catch (const startup_error& failed) {
    throw startup_error{"admin.port: " + std::string{failed.what()}};
  }
}

void node::start_admin() {
  metric_sources counts;
  counts.context = context_;
  counts.main = &main_counters_;
  counts.now = [this] {
    return loops_.front()->now();
  };
  counts.started = loops_.front()->now();
  counts.log = [log = log_] {
    return log != nullptr ? log->counts() : log_counts{};
  };
  counts.why_not_ready = [this] {
    return why_not_ready();
  };
  if (context_->cluster) {
    counts.bus = bus_counts_;
    counts.bus_up = [this] {
      return bool{bus_up_};
    };
    counts.cluster_mailbox =
        actors::gauge_of<cluster::cluster>(context_->cluster);
  }
  admin_ = std::make_unique<admin_port>(admin_port::parts{
      *loops_.front(), config_, std::move(counts), random_id("", 16), log_,
      context_->cluster, [this] { return health_->why_not_alive(); },
      [this](std::size_t most, watch_hub::parts::tree_ready done) {
        list_tree(most, [this, done = std::move(done)](auto all) mutable {
          loops_.front()->call(
              [all = std::move(all), done = std::move(done)]() mutable {
                done(std::move(all));
              });
        });
      }});
  if (admin_listening_)
    admin_->open(std::move(admin_listening_));
}

void node::open_store() {
  if (config_.store.path.empty())
    return;
  cluster::sqlite_options how;
  how.path = config_.store.path;
  auto opened = cluster::open_sqlite_store(std::move(how));
  if (!opened)
    throw startup_error{"store.path: " + opened.error().text};
  context_->kept = std::move(*opened);
}

void node::open_bus() {
  if (config_.cluster.redis.empty())
    return;
  auto& home = *loops_.front();
  // Peers' members wait for it longer than ours: it leaves before local sends.
  auto bus = cluster::make_redis_bus(
      {home.io(), home.sockets(), home.timers(), home.spread()},
      config_.cluster, config_.cluster.node_id);
  if (!bus)
    throw startup_error{bus.error().text};
  bus_ = std::move(*bus);
  open_shared_logs();
}

void node::join_cluster() {
  if (!bus_)
    return;
  cluster_gone_ = false;
  auto how = cluster::make_options(config_.cluster, [this](bool up) {
    bus_up_ = up;
    asio::post(main_, [this] { become_ready(); });
  });
  // Both on the first loop, where the hub is; it is there before that runs.
  // A node that shows itself to nobody does not do so elsewhere.
  if (!config_.admin.address.empty())
    how.watched = [this](bool is) {
      admin_->hub().watched_by_peers(is);
    };
  how.reported = [this](const std::string& by, const std::string& frame) {
    return admin_->hub().peer_reported(by, frame);
  };
  context_->origin = cluster::origin_of(how.own);
  bus_counts_ = how.counts;
  const auto& by = crews_.front()->by();
  context_->cluster = actors::spawn_supervised<cluster::cluster>(
      *loops_.front(), by, std::exchange(bus_, nullptr), std::move(how));
  // It ends by itself when the node leaves.
  by->add(actors::supervised_of<cluster::cluster>(context_->cluster),
          actors::restart_when::crashed, milliseconds{0});
  guard(caf::actor_cast<caf::actor>(context_->cluster), cluster::cluster::name);
}

/// Where no room is of order `total`, Redis needs no more than Pub/Sub.
void node::open_shared_logs() {
  auto is_total = [](const room_settings& of) {
    return of.order == room_order::total;
  };
  bool any = is_total(config_.rooms);
  for (const auto& [name, of] : config_.namespaces)
    any = any || is_total(of);
  if (!any)
    return;
  cluster::redis_store_options how;
  auto link = cluster::link_options(config_.cluster);
  if (!link)
    throw startup_error{link.error().text};
  how.link = std::move(*link);
  how.node_id = config_.cluster.node_id;
  how.logs.prefix = config_.cluster.prefix;
  auto& home = *loops_.front();
  shared_logs_ = cluster::make_redis_store(
      {home.io(), home.sockets(), home.timers(), home.spread()}, home,
      std::move(how));
  context_->shared = shared_logs_.get();
}

/// A loop's supervisor as the root sees it, from the main thread.
class node::loop_link final : public actors::supervised {
public:
  /// `failed` is told, on the loop's thread, that it cannot be rebuilt.
  loop_link(net::io_loop& home, actors::loop_crew& crew,
            std::function<void(const std::string& why)> failed)
    : home_(home), crew_(crew), failed_(std::move(failed)) {}

  [[nodiscard]] std::uint64_t id() const override { return crew_.by()->id(); }
  [[nodiscard]] std::string_view kind() const override { return "loop"; }
  [[nodiscard]] std::string_view label() const override {
    return crew_.by()->label();
  }
  [[nodiscard]] std::uint64_t parent() const override {
    return crew_.by()->parent();
  }

  void hold() override {} // Who gives up holds its children.
  [[nodiscard]] bool is_held() const override { return false; }

  bool begin_anew() override { return true; }

  void go_on() override {
    home_.call([this] {
      if (!crew_.by()->rebuild())
        failed_("its actors cannot be rebuilt");
    });
  }

  void end(bool) override {} // The node stops them, in its order.

private:
  net::io_loop& home_;
  actors::loop_crew& crew_;
  std::function<void(const std::string& why)> failed_;
};

/// The tree of what runs here, and who is started anew by whom
/// (docs/architecture.md). A crash that a loop's supervisor cannot deal with is
/// the loop's; a second one within a minute is the node's.
///
///   node
///   ├── loop 0 … n-1 ── keeper, gateway, audiences: see `loop_crew`
///   └── on loop 0: cluster ── bus, and the logs in Redis
void node::plant_tree() {
  constexpr actors::supervision loops_supervised{
      .intensity = {1, std::chrono::minutes{1}}};
  root_ = std::make_unique<actors::supervisor>(
      "node", system_->next_actor_id(), 0,
      actors::supervisor::place{root_timers_,
                                [] {
                                  return steady_clock::now();
                                }},
      loops_supervised,
      [this](const std::string& why) {
        // Held actors would not hear that the node stops.
        for (std::size_t i = 0; i < loops_.size(); ++i)
          loops_[i]->call(
              [by = crews_[i]->by()] { static_cast<void>(by->rebuild()); });
        exit_code_ = 1;
        begin_stop(why);
      },
      "node");
  root_->tell_birth();
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    auto escalate = [this, i](const std::string& why) {
      asio::post(main_, [this, i, why] {
        if (!draining_)
          root_->crashed(*links_[i], why);
      });
    };
    crews_.push_back(std::make_unique<actors::loop_crew>(
        *loops_[i], context_, root_->id(), escalate));
    links_.push_back(
        std::make_unique<loop_link>(*loops_[i], *crews_[i], escalate));
    root_->add(*links_[i], actors::restart_when::always, milliseconds{0});
    guard(caf::actor_cast<caf::actor>(crews_[i]->rooms().handle()),
          actors::keeper::name);
    guard(caf::actor_cast<caf::actor>(crews_[i]->clients().handle()),
          actors::gateway::name);
  }
}

/// Who speaks and who listens are as far apart as may be.
void node::send_out_canary() {
  health_ = std::make_unique<health>(main_, config_, loops_,
                                     [this] { become_ready(); });
  using actors::canary;
  auto send = [this](std::size_t loop, canary::role is) {
    const auto& by = crews_[loop]->by();
    canaries_.push_back(actors::spawn_supervised<canary>(
        *loops_[loop], by, context_, is, std::ref(health_->canary())));
    by->add(actors::supervised_of<canary>(canaries_.back()),
            actors::restart_when::crashed, milliseconds{1'000});
  };
  send(loops_.size() - 1, canary::role::listener);
  send(0, canary::role::speaker);
}

void node::open_to_clients() {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    net::http_services services{
        &config_, [this](auto& who, auto here) { return place(who, here); },
        [this] { return health_->why_not_alive(); },
        [this] {
          return why_not_ready();
        }};
    listeners_.push_back(std::make_shared<net::listener>(
        *loops_[i], std::move(listening_[i]), std::move(services)));
    listeners_.back()->start();
  }
  listening_.clear();
}

net::http_services::seat node::place(actors::client_hello& who,
                                     std::uint32_t here) const {
  auto loop = actors::place(*context_, who, here);
  return {loops_[loop].get(), crews_[loop]->clients()};
}

/// The node cannot do without it: where it ends before the node does, so does
/// the process, for its supervisor outside to start it again.
void node::guard(const caf::actor& vital, const char* name) {
  vital->attach_functor([this, name](const caf::error& why) {
    if (name == cluster::cluster::name)
      cluster_gone_ = true;
    if (draining_)
      return;
    // Its own `failed` has logged an exception as `actor.failed`.
    asio::post(main_, [this, name, text = system_->render(why)] {
      if (draining_)
        return;
      exit_code_ = 1;
      begin_stop(std::string{name} + " ended: " + text);
    });
  });
}

int node::run() {
  wait_for_signal();
  start_threads();
  health_->start();
  log::emit(events::listener_opened, {{"address", bound_.address().to_string()},
                                      {"port", bound_.port()},
                                      {"loops", loops_.size()}});
  if (!config_.admin.address.empty())
    log::emit(events::admin_opened,
              {{"address", admin_bound_.address().to_string()},
               {"port", admin_bound_.port()}});
  become_ready();
  main_.run();
  for (auto& loop : loops_)
    loop->stop();
  for (auto& thread : threads_)
    thread.join();
  admin_.reset(); // Before the log, which it may watch.
  tell_ends();
  auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now()
                                                       - stop_began_);
  log::emit(events::node_stopped,
            {{"clean", clean_}, {"drain_ms", took.count()}});
  return exit_code_;
}

/// Of those that are no actors.
void node::tell_ends() {
  if (!clean_)
    return; // Some of those that they look after are not gone.
  for (auto at = crews_.rbegin(); at != crews_.rend(); ++at)
    (*at)->tell_end();
  root_->tell_end();
}

void node::start_threads() {
  // The main thread alone hears signals.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (auto& loop : loops_)
    threads_.emplace_back([&loop = *loop] { loop.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void node::become_ready() {
  if (ready_told_ || !why_not_ready().empty())
    return;
  ready_told_ = true;
  log::emit(events::node_ready, {{"node_id", config_.cluster.node_id},
                                 {"address", bound_.address().to_string()},
                                 {"port", bound_.port()},
                                 {"cluster", bool{context_->cluster}}});
}

std::string node::why_not_ready() const {
  if (draining_)
    return "the node is stopping";
  if (context_->cluster && !bus_up_)
    return "Redis is not reached (cluster.redis)";
  return health_->why_not_served();
}

void node::list_tree(std::size_t most, tree_ready done) {
  asio::post(main_, [this, most, done = std::move(done)]() mutable {
    std::vector<actors::tree_entry> all;
    actors::list_tree(*root_, most, all);
    auto of_each = std::max<std::size_t>(1, most / loops_.size());
    list_loops(0, of_each, std::move(all), std::move(done));
  });
}

/// From the main thread to each loop's, and back.
void node::list_loops(std::size_t next, std::size_t most,
                      std::vector<actors::tree_entry> all, tree_ready done) {
  if (next == loops_.size()) {
    done(std::move(all));
    return;
  }
  loops_[next]->call([this, next, most, all = std::move(all),
                      done = std::move(done)]() mutable {
    crews_[next]->list(most, all);
    asio::post(main_, [this, next, most, all = std::move(all),
                       done = std::move(done)]() mutable {
      list_loops(next + 1, most, std::move(all), std::move(done));
    });
  });
}

// -- stop ---------------------------------------------------------------------

void node::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code failed, int signal) {
    if (failed)
      return;
    if (draining_)
      std::_Exit(128 + signal); // A second one: at once.
    wait_for_signal();
    begin_stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
  });
}

/// Accept no more, close the clients; then the cluster, then the rooms.
void node::begin_stop(std::string reason) {
  draining_ = true;
  health_->stop();
  stop_began_ = steady_clock::now();
  stop_until_ = stop_began_ + config_.drain.timeout;
  log::emit(
      events::node_stopping,
      {{"reason", reason}, {"connections", context_->connections.load()}});
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->call([at = listeners_[i]] { at->close(); });
    caf::anon_send(crews_[i]->clients().handle(), drain_of_clients());
  }
  await(&node::clients_gone, &node::leave_cluster);
}

/// Where there are others to go to, clients go one by one, and have done so
/// well before the deadline.
actors::drain node::drain_of_clients() const {
  if (!context_->cluster)
    return {};
  return {config_.drain.timeout * 3 / 4};
}

/// Goes on with `next` once the step is done, or ends at the deadline.
void node::await(bool (node::*done)() const, void (node::*next)()) {
  if ((this->*done)()) {
    (this->*next)();
    return;
  }
  if (steady_clock::now() >= stop_until_) {
    finish();
    return;
  }
  check_.expires_after(stop_check);
  check_.async_wait([this, done, next](boost::system::error_code failed) {
    if (!failed)
      await(done, next);
  });
}

bool node::clients_gone() const {
  return context_->connections == 0;
}
bool node::cluster_left() const {
  return cluster_gone_;
}
bool node::actors_gone() const {
  return system_->registry().running() == 0;
}

void node::leave_cluster() {
  if (context_->cluster)
    caf::anon_send(context_->cluster, actors::leave_cluster{});
  await(&node::cluster_left, &node::end_actors);
}

void node::end_actors() {
  for (std::size_t i = 0; i < loops_.size(); ++i)
    loops_[i]->call([by = crews_[i]->by()] { by->stop(nullptr); });
  clean_ = true;
  await(&node::actors_gone, &node::finish);
}

std::chrono::steady_clock::time_point node::stop_deadline() const {
  // Where the deadline has passed, what is known shall still be logged.
  constexpr milliseconds last_words{200};
  return std::max(stop_until_, steady_clock::now() + last_words);
}

void node::finish() {
  clean_ = clean_ && actors_gone();
  signals_.cancel();
  check_.cancel();
  main_.stop();
}

} // namespace greenroom::app
