#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lorafleet::scenarios {

/// A figure of some points of a sweep's grid; for each seed, their mean.
struct Selection {
  std::string figure;               ///< key of summary.json
  std::vector<std::size_t> points;  ///< indices into Sweep::cases
  std::string text;                 ///< which points these are, as the file says it
};

/// One side minus the other, or divided by it, within each seed.
struct Contrast {
  Selection of;
  Selection against;
};

/// What a claim says about the mean difference.
enum class Claim { higher, lower, different, same };

/// One of [[questions]].
struct Question {
  std::string claim;  ///< a sentence
  Contrast effect;
  std::optional<Contrast> than;  ///< its own effect is taken off: a difference of differences
  Claim expected = Claim::different;
  bool ratio = false;   ///< differences of logarithms, told as ratios
  double within = 0.0;  ///< with `same`: what counts as the same; of a ratio, what it may be off 1
};

}  // namespace lorafleet::scenarios
