// What nodes hold in their rooms, told to each other: differences as they come,
// the whole to who asks, and a digest for who missed the latest.
#include <utility>

#include "cluster/cluster.hpp"

namespace greenroom::cluster {

namespace {

/// A room that changed is in so many digests: a difference that got lost is
/// missed by the first of them that arrives.
constexpr int digests_after_change = 5;

/// Every room is in one digest of so many, whatever happened: for who lost a
/// difference and all digests behind it.
constexpr std::size_t digests_for_all = 60;

/// Every node hears each of them: a peer that says nothing in a hundred
/// thousand rooms is asked for some in each beat.
constexpr std::size_t questions_per_beat = 500;

/// Of a room that was left, in a digest.
constexpr std::uint64_t version_left = UINT64_MAX;

} // namespace

std::string origin_of(const node_run& run) {
  return run.node + '#' + std::to_string(run.incarnation);
}

void cluster::mirror_holdings(const actors::mirror_holdings& msg) {
  auto found = rooms_.find(channel_of(msg.key));
  if (found == rooms_.end() || leaving_)
    return;
  auto& entry = found->second;
  entry.digests_due = digests_after_change;
  entry.members_sum = msg.members_sum;
  for (auto& part : entry.holdings.tell(msg.what)) {
    part.from = how_.own;
    part.room = msg.key;
    if (up_) // Once it is up again, everything is told.
      bus_->publish(found->first, encode(part));
  }
}

void cluster::ask_for_holdings(const watched& entry, std::uint64_t whose) {
  bus_->publish(channel_of(entry.key),
                encode(holdings_wanted{how_.own, entry.key, whose}));
}

/// So many a beat, of one room after the other: where the questions of one beat
/// end, those of the next begin.
void cluster::ask_silent_peers() {
  auto questions = questions_per_beat;
  auto at = rooms_.find(asked_up_to_);
  for (auto left = rooms_.size(); left > 0 && questions > 0; --left) {
    if (at == rooms_.end() || ++at == rooms_.end())
      at = rooms_.begin();
    ask_the_silent(at->second, questions);
  }
  asked_up_to_ = at != rooms_.end() ? at->first : std::string{};
}

/// They may not listen to the room any more.
void cluster::ask_the_silent(watched& entry, std::size_t& questions) {
  for (auto whose : entry.holdings.silent(questions)) {
    --questions;
    bus_->publish(nodes_channel_,
                  encode(holdings_wanted{how_.own, entry.key, whose}));
  }
}

void cluster::doubt_holdings(const actors::doubt_holdings& msg) {
  auto found = rooms_.find(channel_of(msg.key));
  if (found == rooms_.end() || found->second.watch != msg.watch)
    return;
  ++how_.counts->mended;
  found->second.holdings.doubt(msg.incarnation);
  ask_for_holdings(found->second, msg.incarnation);
}

/// Its holdings go with its room. Who misses this sees it in the digests.
void cluster::let_go_of_holdings(const std::string& channel, watched& entry) {
  if (entry.holdings.own().version == 0 || leaving_)
    return;
  holdings none;
  none.whole = true;
  for (auto& part : entry.holdings.tell(none)) {
    part.from = how_.own;
    part.room = entry.key;
    if (up_)
      bus_->publish(channel, encode(part));
  }
  left_rooms_.push_back(
      {{entry.key, {entry.holdings.own().stream, version_left}, {}},
       digests_after_change});
}

void cluster::on_envelope(const std::string& channel, room_holdings& what) {
  auto found = rooms_.find(channel);
  if (found == rooms_.end() || found->second.key != what.room)
    return reject(channel, "holdings outside their channel");
  believe(channel, found->second, what);
}

void cluster::believe(const std::string& channel, watched& entry,
                      room_holdings& what) {
  auto from = what.from;
  auto verdict = entry.holdings.hear(std::move(what));
  if (verdict.too_long)
    reject(channel, "more holdings than are gathered");
  if (verdict.ask)
    ask_for_holdings(entry, from.incarnation);
  if (verdict.news)
    self_->send(entry.room,
                actors::holdings_heard{from.incarnation, origin_of(from),
                                       std::move(*verdict.news), entry.watch});
}

void cluster::on_envelope(const std::string& channel, holdings_wanted& what) {
  bool is_direct = channel == nodes_channel_;
  if (is_direct && what.whose != how_.own.incarnation)
    return;
  auto found = rooms_.find(is_direct ? channel_of(what.room) : channel);
  if (is_direct && found == rooms_.end())
    return tell_left(what.room);
  if (found == rooms_.end() || found->second.key != what.room)
    return reject(channel, "a question outside its channel");
  if (what.whose == 0 || what.whose == how_.own.incarnation)
    answer(found->second);
}

/// In all its streams up to now.
void cluster::tell_left(const room_key& room) {
  if (leaving_)
    return;
  bus_->publish(nodes_channel_,
                encode(holdings_digest{
                    how_.own, {{room, {streams_, version_left}, {}}}}));
}

/// Once a beat, for all who asked meanwhile: the whole can be long, and nodes
/// that find something missing do so together.
void cluster::answer(watched& entry) {
  entry.answer_due = entry.answered_in == digests_;
  if (entry.answer_due)
    return;
  entry.answered_in = digests_;
  self_->send(entry.room, actors::holdings_asked{});
}

void cluster::on_envelope(const std::string& channel, holdings_digest& what) {
  if (channel != nodes_channel_)
    return reject(channel, "a digest of a node outside its channel");
  for (const auto& line : what.rooms) {
    auto found = rooms_.find(channel_of(line.room));
    if (found == rooms_.end())
      continue;
    auto& entry = found->second;
    if (line.at.version == version_left) {
      room_holdings none;
      none.from = what.from;
      none.room = line.room;
      none.at = line.at;
      none.what.whole = true;
      if (entry.holdings.misses(what.from.incarnation, line.at))
        believe(channel, entry, none);
    } else if (entry.holdings.asks_behind(what.from.incarnation, line.at)) {
      ask_for_holdings(entry, what.from.incarnation);
    } else if (line.members_sum
               && entry.holdings.is_to_be_checked(what.from.incarnation,
                                                  line.at)) {
      self_->send(entry.room,
                  actors::holdings_checked{what.from.incarnation,
                                           *line.members_sum, entry.watch});
    }
  }
}

/// Those that changed lately, and some of the others in turn; all of them for
/// who comes, or comes again.
void cluster::tell_digest() {
  ++digests_;
  holdings_digest next{how_.own, {}};
  auto add = [&](holdings_digest::line what) {
    next.rooms.push_back(std::move(what));
    if (next.rooms.size() == digest_lines_max) {
      bus_->publish(nodes_channel_, encode(next));
      next.rooms.clear();
    }
  };
  auto turn = digests_ % digests_for_all;
  bool is_for_all = std::exchange(newcomers_ask_, false);
  std::size_t place = 0;
  for (auto& [channel, entry] : rooms_) {
    entry.holdings.next_beat();
    if (entry.answer_due)
      answer(entry);
    bool in_turn = ++place % digests_for_all == turn || is_for_all;
    bool is_due = entry.digests_due > 0 && entry.digests_due-- > 0;
    if ((is_due || in_turn) && entry.holdings.own().version > 0)
      add({entry.key, entry.holdings.own(), entry.members_sum});
  }
  for (auto& left : left_rooms_) {
    add(left.line);
    --left.digests_due;
  }
  std::erase_if(left_rooms_,
                [](const left_room& each) { return each.digests_due == 0; });
  if (!next.rooms.empty())
    bus_->publish(nodes_channel_, encode(next));
  ask_silent_peers();
}

void cluster::forget_holdings(std::uint64_t incarnation, bool said_goodbye) {
  for (auto& [channel, entry] : rooms_)
    if (entry.holdings.forget(incarnation))
      self_->send(entry.room,
                  actors::peer_gone{incarnation, said_goodbye, entry.watch});
}

} // namespace greenroom::cluster
