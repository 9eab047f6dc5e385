#include "app/watch_hub.hpp"

#include <utility>

namespace greenroom::app {

watch_hub::~watch_hub() {
  if (is_up_ && with_.log != nullptr)
    with_.log->tap(false);
}

std::string_view watch_hub::why_not() const {
  return pages_.size() < pages_max ? std::string_view{}
                                   : "so many pages watch already";
}

void watch_hub::begin(unique_fd socket, std::function<void()> gone) {
  auto at = pages_.emplace(pages_.end());
  *at = std::make_shared<net::event_stream>(with_.home, std::move(socket),
                                            [this, at, gone = std::move(gone)] {
                                              // It may be in the midst of a
                                              // frame for all.
                                              with_.home.call([this, at] {
                                                pages_.erase(at);
                                                look_up();
                                              });
                                              gone();
                                            });
  auto page = *at;
  page->start();
  page->send(hello_frame(with_.self));
  look_up();
  tree_due_ = {};
  figures_due_ = {};
  if (with_.watch_peers)
    with_.watch_peers(true);
}

void watch_hub::watched_by_peers(bool is) {
  peers_watch_ = is;
  look_up();
  tree_due_ = {};
  figures_due_ = {};
}

void watch_hub::peer_reported(const std::string& node, std::string_view frame) {
  if (pages_.empty())
    return;
  if (peers_.size() < peers_max || peers_.contains(node))
    peers_[node] = with_.home.now();
  show_here(frame);
}

/// Begins to work, or ends it, as there is somebody who watches, or not.
void watch_hub::look_up() {
  if (pages_.empty() && !peers_.empty())
    peers_.clear();
  if (pages_.empty() && with_.watch_peers)
    with_.watch_peers(false);
  if (std::exchange(is_up_, is_watched()) == is_watched())
    return;
  if (with_.log != nullptr)
    with_.log->tap(is_up_);
  if (is_up_)
    tick_later();
  else
    tick_.cancel();
}

void watch_hub::tick_later() {
  with_.home.timers().at(with_.home.now() + events_every, tick_, [this] {
    tick();
    tick_later();
  });
}

void watch_hub::tick() {
  auto now = with_.home.now();
  show_events();
  if (now >= figures_due_) {
    figures_due_ = now + figures_every;
    show_figures();
    look_for_silent_peers();
  }
  if (now >= tree_due_ && !lists_tree_) {
    tree_due_ = now + tree_every;
    show_tree();
  }
}

void watch_hub::show_tree() {
  lists_tree_ = true;
  with_.list_tree(children_max, [this](std::vector<actors::tree_entry> all) {
    lists_tree_ = false;
    for (const auto& each : tree_frames(with_.self, all))
      show(each);
  });
}

void watch_hub::show_events() {
  if (with_.log == nullptr)
    return;
  for (const auto& each : event_frames(with_.self, with_.log->take_tapped()))
    show(each);
}

void watch_hub::show_figures() {
  show(figures_frame(with_.self, with_.counts));
}

void watch_hub::look_for_silent_peers() {
  auto now = with_.home.now();
  std::erase_if(peers_, [&](const auto& each) {
    if (now - each.second < peer_silent_after)
      return false;
    show_here(gone_frame(each.first));
    return true;
  });
}

void watch_hub::show(const std::string& frame) {
  show_here(frame);
  if (peers_watch_)
    with_.report(frame);
}

void watch_hub::show_here(std::string_view frame) {
  for (const auto& each : pages_)
    each->send(frame);
}

} // namespace greenroom::app
