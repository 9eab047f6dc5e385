#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/slot_map.hpp"

namespace greenroom::cluster {

/// Which shard of a Redis has a name: of one server the only one; of a Redis
/// Cluster the one that its map of slots says, made when something first needs
/// it. One thread.
template <class Shard>
class redis_shards {
public:
  using address = slot_map::address;
  using make = std::function<std::unique_ptr<Shard>(const address&)>;

  /// Without `more`, `first` is the one server. With it, `first` has what has
  /// no shard for the time being, which is all until there is a map.
  explicit redis_shards(std::unique_ptr<Shard> first, make more = {})
    : first_(std::move(first)), make_(std::move(more)) {}

  [[nodiscard]] bool is_cluster() const { return static_cast<bool>(make_); }
  [[nodiscard]] Shard& first() { return *first_; }
  [[nodiscard]] const slot_map& map() const { return map_; }

  /// The shard that has a key or channel.
  [[nodiscard]] Shard& of(std::string_view name) {
    return is_cluster() ? of_slot(hash_slot(name)) : *first_;
  }

  /// The shard of all names with this in their braces, see `hash_slot_of_tag`.
  [[nodiscard]] Shard& of_tag(std::string_view tag) {
    return is_cluster() ? of_slot(hash_slot_of_tag(tag)) : *first_;
  }

  /// The shard that has a slot.
  [[nodiscard]] Shard& of_slot(std::uint16_t slot) {
    if (!is_cluster())
      return *first_;
    auto owner = map_.owner(slot);
    if (owner == slot_map::nobody)
      return *first_;
    if (!shards_[owner])
      shards_[owner] = make_(map_.masters()[owner]);
    return *shards_[owner];
  }

  /// Without making any. Null: none has been made.
  [[nodiscard]] const Shard* find(std::string_view name) const {
    if (!is_cluster())
      return first_.get();
    auto owner = map_.owner(hash_slot(name));
    return owner == slot_map::nobody ? first_.get() : shards_[owner].get();
  }

  /// A shard says that a slot is not there: it has none until there is a new
  /// map, and what was there is taken out into `to`. False: that is no news; an
  /// answer to what was asked earlier, maybe.
  template <class Load>
  bool lose(std::uint16_t slot, Shard& says, Load& to) {
    auto owner = map_.owner(slot);
    if (!is_cluster() || owner == slot_map::nobody
        || shards_[owner].get() != &says)
      return false;
    map_.lose(slot);
    take_misplaced(says, to);
    return true;
  }

  /// Whether it is where names wait that have no shard.
  [[nodiscard]] bool is_nowhere(const Shard& which) const {
    return is_cluster() && &which == first_.get();
  }

  /// Goes over to another map; whatever is not where it belongs by it is taken
  /// out into `to`. Shards of masters that are none any more end. False: it is
  /// the same map.
  template <class Load>
  bool update(const slot_map& now, Load& to) {
    if (now.differences(map_) == 0)
      return false;
    auto before = std::exchange(shards_, {});
    auto were = map_.masters();
    map_ = now;
    shards_.resize(map_.masters().size());
    std::vector<std::unique_ptr<Shard>> gone;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!before[i])
        continue;
      if (auto* place = place_of(were[i]))
        *place = std::move(before[i]);
      else
        gone.push_back(std::move(before[i]));
    }
    each([&](Shard& from) { take_misplaced(from, to); });
    for (auto& from : gone)
      take_misplaced(*from, to);
    return true;
  }

  template <class Do>
  void each(Do what) {
    what(*first_);
    // More may come meanwhile, each at its place.
    for (std::size_t i = 0; i < shards_.size(); ++i)
      if (shards_[i])
        what(*shards_[i]);
  }

  /// Of names that begin with `stem`, the first that `master` has: one on
  /// which all who have the same map agree. Empty: nobody finds one.
  [[nodiscard]] std::string name_within(const std::string& stem,
                                        const address& master) const {
    // A master with one slot is missed by so many with a chance of 1 in 400.
    constexpr int tries_max = 100'000;
    for (std::uint16_t owner = 0; owner < map_.masters().size(); ++owner)
      if (map_.masters()[owner] == master)
        for (int i = 0; i < tries_max; ++i)
          if (auto name = stem + std::to_string(i);
              map_.owner(hash_slot(name)) == owner)
            return name;
    return {};
  }

private:
  template <class Load>
  void take_misplaced(Shard& from, Load& to) {
    from.take_out([&](std::uint16_t slot) { return &of_slot(slot) != &from; },
                  to);
  }

  std::unique_ptr<Shard>* place_of(const address& master) {
    for (std::size_t i = 0; i < shards_.size(); ++i)
      if (map_.masters()[i] == master)
        return &shards_[i];
    return nullptr;
  }

  std::unique_ptr<Shard> first_;
  make make_;
  slot_map map_;
  std::vector<std::unique_ptr<Shard>> shards_; ///< As `map_.masters()`.
};

} // namespace greenroom::cluster
