#pragma once

#include <cstdint>

#include "actors/run/learning.hpp"

namespace lorafleet::scenarios {

/// What a run has to compute, in tokens.
struct RunWork {
  std::int64_t jobs = 0;
  double train_tokens = 0.0;  ///< local evaluation's own training included
  double score_tokens = 0.0;  ///< that are only read: held-out examples, clients' test parts
};

/// From the schedule that a dry run gives. `learning`: prepared without training. An end by
/// stop.target_perplexity is not foreseen: such a run may be shorter.
RunWork work_of(const actors::FederationConfig& config, const actors::Learning& learning);

/// Tokens a second of all slots together, measured by training small jobs of the run for about
/// `seconds`. `learning`: prepared for training.
double measure_speed(const actors::FederationConfig& config, const actors::Learning& learning,
                     double seconds);

/// Seconds of real time at this speed. A token that is only read costs about half of one that is
/// trained on.
double estimated_seconds(const RunWork& work, double tokens_per_second);

}  // namespace lorafleet::scenarios
