#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/envelope.hpp"

namespace greenroom::cluster {

/// How far each node's messages of one room have come here: finds what is
/// missing and what came twice. Bounded; one thread; no I/O, no clock.
class sequence_tracker {
public:
  /// Beyond so many nodes that spoke in one room, the one that was silent for
  /// longest is forgotten.
  static constexpr std::size_t origins_max = 256;

  enum class verdict : std::uint8_t {
    first,     ///< Of a stream that was not followed before: deliver.
    next,      ///< As expected: deliver.
    gap,       ///< `missed` messages before it did not come: deliver.
    duplicate, ///< Was here, or stands before something that was: drop.
  };

  struct finding {
    verdict is = verdict::first;
    std::uint64_t expected = 0; ///< The sequence number that was due.
    std::uint64_t missed = 0;
    std::uint64_t known = 0; ///< So many of the first were here before.
  };

  /// Judges `count` messages of the run `incarnation`, of which the first
  /// stands at `at`, and remembers them.
  finding see(std::uint64_t incarnation, const place& at,
              std::uint64_t count = 1);

  /// The run has ended: nothing of it will come any more.
  void forget(std::uint64_t incarnation);

  [[nodiscard]] std::size_t origins() const { return known_.size(); }

private:
  struct origin {
    std::uint64_t incarnation;
    place last;
    std::uint64_t seen; ///< When, by the number of judgements.
  };

  void remember(std::uint64_t incarnation, const place& at);

  std::vector<origin> known_; ///< A handful of peers: a scan is fastest.
  std::uint64_t judged_ = 0;
};

} // namespace greenroom::cluster
