#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/strategy/registry.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::strategy {

/// Whom to invite. May keep a memory of what it chose (round robin).
class Selection {
 public:
  virtual ~Selection() = default;
  /// `count` different ones of `candidates` (at least as many, none in flight, all with examples),
  /// in the order in which they are to be invited. `random` is fresh: keyed by (run seed,
  /// Purpose::selection, seq of the first job to be handed out).
  virtual std::vector<sim::ClientId> choose(std::span<const sim::ClientId> candidates,
                                            std::size_t count, Random& random) = 0;
};

/// [clients] selection.
///   uniform: each subset of `count` candidates is equally likely; O(count), whatever their number.
const Registry<Selection>& selections();

}  // namespace lorafleet::strategy
