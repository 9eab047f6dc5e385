#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "cluster/hash_slot.hpp"
#include "cluster/redis_reply.hpp"
#include "cluster/redis_url.hpp"

namespace greenroom::cluster {

/// Why an answer is no map of slots.
struct slot_map_error {
  std::string text;
};

/// Which master of a Redis Cluster has which slot, as one of its nodes told.
class slot_map {
public:
  using address = redis_endpoint::address;

  /// More masters than Redis Cluster is made for.
  static constexpr std::size_t masters_max = 1'024;

  /// No master.
  static constexpr std::uint16_t nobody = UINT16_MAX;

  slot_map() { owners_.fill(nobody); }

  /// Reads the answer to CLUSTER SLOTS of the node at `asked`, which is meant
  /// where a node has no address.
  [[nodiscard]] static boost::system::result<slot_map, slot_map_error>
  read(const redis_reply& answer, const address& asked);

  /// Of `masters`, the one that has the slot.
  [[nodiscard]] std::uint16_t owner(std::uint16_t slot) const {
    return owners_[slot];
  }

  /// It has gone nobody knows where.
  void lose(std::uint16_t slot) { owners_[slot] = nobody; }

  [[nodiscard]] const std::vector<address>& masters() const { return masters_; }
  [[nodiscard]] const std::vector<address>& replicas() const {
    return replicas_;
  }

  /// Slots that nobody has.
  [[nodiscard]] std::size_t missing() const;

  /// Slots that have another master there.
  [[nodiscard]] std::size_t differences(const slot_map& other) const;

private:
  bool take_range(const redisReply* told, const address& asked);

  std::vector<address> masters_;
  std::vector<address> replicas_;
  std::array<std::uint16_t, hash_slots> owners_;
};

} // namespace greenroom::cluster
