// Who watches the whole cluster does so from one node: its peers report to it
// for as long as it says that it wants that, over a channel of its own, so that
// nobody else hears it. See docs/dashboard.md.
#include <utility>

#include "cluster/cluster.hpp"

namespace greenroom::cluster {

namespace {

/// Peers that watch this node: each gets a copy of what it reports. Beyond,
/// further ones are shown nothing of it.
constexpr std::size_t watchers_max = 4;

/// What is wanted is said with each beat; two may get lost.
constexpr int beats_wanted = 3;

} // namespace

std::string cluster::watch_channel_of(std::uint64_t incarnation) const {
  return how_.prefix + ":watch:" + std::to_string(incarnation);
}

// -- as the one that watches --------------------------------------------------

void cluster::watch_peers(bool on) {
  if (leaving_)
    return;
  bool did = std::exchange(watches_, on);
  // What was asked for before the channel is subscribed would be lost.
  if (on)
    return did ? want_reports(true) : bus_->subscribe(reports_channel_);
  if (!did)
    return;
  bus_->unsubscribe(reports_channel_);
  if (up_)
    bus_->publish(nodes_channel_, encode(reports_wanted{how_.own, {}, false}));
}

void cluster::want_reports(bool anew) {
  if (watches_ && up_)
    bus_->publish(
        nodes_channel_,
        encode(reports_wanted{how_.own, beats_wanted * how_.beat, anew}));
}

void cluster::on_envelope(const std::string& channel, node_report& what) {
  if (channel != reports_channel_)
    return reject(channel, "a report to another node");
  if (watches_ && how_.reported && !how_.reported(what.from.node, what.text))
    reject(channel, "a report that is none of its node");
}

// -- as one that is watched ---------------------------------------------------

void cluster::on_envelope(const std::string& channel, reports_wanted& what) {
  if (channel != nodes_channel_)
    return reject(channel, "a wish of a node outside its channel");
  auto who = what.from.incarnation;
  bool is_new = !watchers_.contains(who);
  if (what.lasts.count() == 0)
    watchers_.erase(who);
  else if (watchers_.size() < watchers_max || !is_new)
    watchers_[who] = home_.now() + what.lasts;
  else
    ++how_.counts->watchers_refused;
  tell_watched(watchers_.contains(who) && (is_new || what.anew));
}

void cluster::report(std::string text) {
  if (!up_ || leaving_ || watchers_.empty() || text.size() > report_bytes_max)
    return;
  auto bytes = encode(node_report{how_.own, std::move(text)});
  for (const auto& [who, until] : watchers_)
    if (!bus_->offer(watch_channel_of(who), bytes))
      ++how_.counts->reports_dropped;
}

void cluster::forget_watchers() {
  auto now = home_.now();
  std::erase_if(watchers_,
                [&](const auto& each) { return each.second <= now; });
  tell_watched();
}

/// `anew`: one of them has seen nothing yet.
void cluster::tell_watched(bool anew) {
  bool now = !watchers_.empty();
  if ((std::exchange(watched_told_, now) != now || anew) && how_.watched)
    how_.watched(now);
}

} // namespace greenroom::cluster
