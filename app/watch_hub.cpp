#include "app/watch_hub.hpp"

#include <algorithm>
#include <utility>

#include "core/time_stamp.hpp"

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
  auto left = [this, number = ++begun_, gone = std::move(gone)] {
    // It may be in the midst of a frame for all.
    with_.home.call([this, number] {
      pages_.erase(number);
      look_up();
    });
    gone();
  };
  auto page = std::make_shared<net::event_stream>(with_.home, std::move(socket),
                                                  std::move(left));
  pages_.emplace(begun_, page);
  page->start();
  page->send(net::event_stream::event_of(hello_frame(with_.self)));
  look_up();
  tree_soon();
  figures_due_ = {};
  if (with_.watch_peers)
    with_.watch_peers(true);
}

void watch_hub::watched_by_peers(bool is) {
  peers_watch_ = is;
  look_up();
  tree_soon();
  figures_due_ = {};
}

bool watch_hub::peer_reported(const std::string& node, std::string_view frame) {
  if (!is_report_of(node, frame))
    return false;
  if (pages_.empty())
    return true;
  if (peers_.size() < peers_max || peers_.contains(node))
    peers_[node] = with_.home.now();
  show_here(frame);
  return true;
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
  parts_.clear();
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
  show_parts();
  if (now >= tree_due_ && !lists_tree_ && parts_.empty())
    list_tree();
}

/// Somebody has seen none yet.
void watch_hub::tree_soon() {
  tree_due_ = std::min(tree_due_, tree_began_ + tree_spacing);
}

void watch_hub::list_tree() {
  tree_began_ = with_.home.now();
  tree_due_ = tree_began_ + with_.tree_every;
  lists_tree_ = true;
  with_.list_tree(children_max, [this, at = time_stamp()](
                                    std::vector<actors::tree_entry> all) {
    lists_tree_ = false;
    if (!is_up_)
      return;
    for (auto& each : tree_frames(with_.self, at, std::move(all)))
      parts_.push_back(std::move(each));
    show_parts();
  });
}

void watch_hub::show_parts() {
  for (std::size_t i = 0; i < parts_at_once && !parts_.empty(); ++i) {
    show(parts_.front(), page_is::not_behind);
    parts_.pop_front();
  }
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
    if (now - each.second < with_.peer_silent_after)
      return false;
    show_here(gone_frame(each.first));
    return true;
  });
}

void watch_hub::show(const std::string& frame, page_is which) {
  show_here(frame, which);
  if (peers_watch_)
    with_.report(frame);
}

void watch_hub::show_here(std::string_view frame, page_is which) {
  if (pages_.empty())
    return;
  auto event = net::event_stream::event_of(frame);
  for (const auto& [number, page] : pages_)
    if (which == page_is::any || page->unsent() < behind_bytes)
      page->send(event);
}

} // namespace greenroom::app
