#include "app/admin_port.hpp"

#include <utility>

#include <caf/send.hpp>

#include "app/dashboard_page.hpp"
#include "app/top_page.hpp"
#include "core/events.hpp"

namespace greenroom::app {

admin_port::admin_port(parts with)
  : with_(std::move(with)), metrics_(with_.counts), hub_(hub_parts()) {
  tell_busiest_later();
}

watch_hub::parts admin_port::hub_parts() {
  watch_hub::parts to{with_.home,
                      {with_.config.cluster.node_id, with_.run},
                      with_.counts,
                      with_.list_tree,
                      with_.log,
                      {},
                      {}};
  if (with_.cluster) {
    to.watch_peers = [this](bool on) {
      caf::anon_send(with_.cluster, actors::watch_peers{on});
    };
    to.report = [this](std::string frame) {
      caf::anon_send(with_.cluster,
                     actors::report_to_watchers{std::move(frame)});
    };
  }
  return to;
}

void admin_port::open(unique_fd socket) {
  net::http_services all{&with_.config,
                         {},
                         with_.why_not_alive,
                         with_.counts.why_not_ready,
                         services()};
  listener_ = std::make_shared<net::listener>(with_.home, std::move(socket),
                                              std::move(all));
  listener_->start();
}

net::admin_services admin_port::services() {
  return {
      with_.config.admin.token,
      [this](std::string_view path) { return page(path); },
      [this](const std::string& peer, std::string_view why) {
        refused(peer, why);
      },
      net::stream_place{"/dashboard/stream", [this] { return hub_.why_not(); },
                        [this](unique_fd socket, std::function<void()> gone) {
                          hub_.begin(std::move(socket), std::move(gone));
                        }}};
}

std::optional<net::served> admin_port::page(std::string_view path) const {
  if (path == "/metrics")
    return net::served{metrics_.text(), metrics_page::type};
  if (path == "/top")
    return net::served{top_json(with_.counts), "application/json"};
  return dashboard_page(path);
}

void admin_port::refused(const std::string& peer, std::string_view why) {
  counted().admin_refusals.add();
  if (refusals_told_.opens(with_.home.now()))
    log::emit(events::admin_refused, {{"peer", peer}, {"reason", why}});
}

void admin_port::tell_busiest_later() {
  auto& home = with_.home;
  home.timers().at(home.now() + top_lists::window, busiest_, [this, &home] {
    tell_busiest(with_.counts.context->loops, home.now());
    tell_busiest_later();
  });
}

} // namespace greenroom::app
