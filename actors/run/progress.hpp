#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "actors/coordinator/coordinator.hpp"

namespace lorafleet::actors {

/// A glance at a run, given at each new version and score, and now and then at an arrival.
struct Progress {
  RunTotals totals;
  double train_loss = 0.0;  ///< mean over the updates of the latest version
  std::optional<std::uint64_t> evaluated_version;
  double perplexity = 0.0;  ///< of `evaluated_version`
  double wall_seconds = 0.0;
  double tokens_per_second = 0.0;  ///< trained, per wall second
  double done = 0.0;               ///< 0 to 1, by the nearest stop condition
  bool milestone = true;           ///< a new version or score, not just an arrival
};

/// "version 3 at 120.5 s, 30 updates, train loss 2.1, perplexity 9.5 at version 2"
std::string text_of(const Progress& progress);

}  // namespace lorafleet::actors
